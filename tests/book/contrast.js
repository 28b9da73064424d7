// Text paler than 4.5:1 against its ground: links, boxes, captions, numbers of equations.
() => {
  const channels = (color) => color.match(/[\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => ((v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const over = ([r, g, b, a = 1], below) => [r, g, b].map((v, i) => v * a + below[i] * (1 - a));
  const surface = (node) => {
    if (!node) return [255, 255, 255];
    const color = channels(getComputedStyle(node).backgroundColor);
    return (color[3] ?? 1) === 1 ? color : over(color, surface(node.parentElement));
  };
  const poor = [];
  const boxes = ":is(.admonition, .fold, p, figcaption, summary, .eqno)";
  for (const node of document.querySelectorAll(`article ${boxes} :is(a, p, span, strong):not(.headerlink)`)) {
    if (!node.checkVisibility() || !node.textContent.trim() || node.closest(".katex, .highlight, .claims-graph, .sd-btn")) continue;
    const below = surface(node), text = luminance(over(channels(getComputedStyle(node).color), below)), ground = luminance(below);
    const ratio = (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
    if (ratio < 4.5) poor.push(`pale text, ${ratio.toFixed(2)}:1: ${node.className} ${node.textContent.slice(0, 40)}`);
  }
  return [...new Set(poor)];
}
