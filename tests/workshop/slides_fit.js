// What is wrong with the slide that is shown, at its last step: an empty list, or messages.
() => {
  const slide = Reveal.getCurrentSlide(), wrong = [];
  const [width, height] = [innerWidth, innerHeight], k = Reveal.getScale();
  const shown = [...slide.querySelectorAll("h1, h2, .body *")].filter(
    (e) => !e.closest(".katex-mathml") && !e.closest("svg:not(.figure > svg)"));
  for (const e of shown) {
    const box = e.getBoundingClientRect(), name = `${e.tagName}.${e.getAttribute("class")}`;
    if (!e.closest(".katex, svg") || e.matches(".katex")) {
      if (box.left < 20 * k || box.right > width - 20 * k || box.bottom > height - 8 * k)
        wrong.push(`${name} leaves the slide: ${box.right} x ${box.bottom}`);
      const over = e.matches(".statement, .body, p, li, td") && e.scrollWidth > e.clientWidth + 2;
      if (over) wrong.push(`${name} is wider than its box by ${e.scrollWidth - e.clientWidth}`);
    }
  }
  if (slide.scrollHeight > slide.clientHeight + 1) wrong.push("the slide is too high");
  const walker = document.createTreeWalker(slide, NodeFilter.SHOW_TEXT);
  let least = 99;
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || e.closest("aside, .katex, .source, .in-part, svg")) continue;
    least = Math.min(least, parseFloat(getComputedStyle(e).fontSize));
  }
  for (const e of slide.querySelectorAll(".body .katex, h2 .katex"))
    least = Math.min(least, parseFloat(getComputedStyle(e).fontSize));
  if (least < 28) wrong.push(`words of ${least} pixels`);
  for (const e of slide.querySelectorAll(".source, .in-part"))
    if (parseFloat(getComputedStyle(e).fontSize) < 20) wrong.push("a note under 20 pixels");
  for (const e of slide.querySelectorAll(".figure"))
    if (e.dataset.scale < 1.2) wrong.push(`a figure at ${e.dataset.scale}`);
  if (slide.querySelector(".fragment:not(.visible)")) wrong.push("a step is not shown");
  const boxes = [...slide.querySelectorAll(".figure, .statement, .body p, .display, table, ul, ol")]
    .filter((e) => !e.parentElement.closest(".statement, table, ul, ol, .passage, .display"));
  for (const [i, a] of boxes.entries()) for (const b of boxes.slice(i + 1)) {
    const [p, q] = [a.getBoundingClientRect(), b.getBoundingClientRect()];
    const side = [a, b].some((e) => e.matches(".right, .left")) && ![a, b].every((e) => e.matches(".figure"));
    const [w, h] = [Math.min(p.right, q.right) - Math.max(p.left, q.left),
                    Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top)];
    // Beside a figure, a paragraph's box goes behind it, and its lines do not.
    if (w > 2 && h > 2 && !(side && (a.matches("p, ul, ol") || b.matches("p, ul, ol"))))
      wrong.push(`${a.className || a.tagName} lies on ${b.className || b.tagName}`);
  }
  return wrong;
}
