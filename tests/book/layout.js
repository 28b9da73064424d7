// What is wrong with the page as it is laid out. Text inside code is the reader's own business: it
// may hold dollars.
() => {
  const found = [];
  const seen = (element) => element.checkVisibility({ visibilityProperty: true });
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth + 1) {
    const clipped = (e) => e !== document.body && (getComputedStyle(e).overflowX !== "visible" || clipped(e.parentElement));
    const out = (e) => e.getBoundingClientRect().right > root.clientWidth + 1 && !clipped(e.parentElement);
    const wide = [...document.querySelectorAll("body *")].find(out);
    found.push(`the page scrolls sideways: ${root.scrollWidth} > ${root.clientWidth}, first at ${wide?.tagName}.${wide?.className}`);
  }
  for (const block of root.clientWidth >= 1200 ? document.querySelectorAll("article pre") : []) {
    const line = () => block.textContent.split("\n").reduce((long, next) => (next.length > long.length ? next : long));
    if (block.scrollWidth > block.clientWidth + 1) found.push(`code scrolls sideways, its longest line is: ${line()}`);
  }
  // Where code may be wider than its place, it scrolls there: neither its own box nor one around it may cut it.
  const cuts = (box) => ["hidden", "clip"].includes(getComputedStyle(box).overflowX);
  for (const block of document.querySelectorAll("article pre")) {
    let cut = block.scrollWidth > block.clientWidth + 1 && cuts(block);
    for (let box = block.parentElement; box?.tagName !== "ARTICLE"; box = box.parentElement) {
      cut ||= cuts(box) && block.getBoundingClientRect().right > box.getBoundingClientRect().right + 1;
    }
    if (cut) found.push(`code is cut off: ${block.textContent.trim().slice(0, 40)}`);
  }
  for (const formula of document.querySelectorAll(".math")) {
    if (!formula.querySelector(".katex")) found.push(`a formula left as source: ${formula.textContent.slice(0, 60)}`);
  }
  for (const error of document.querySelectorAll(".katex-error")) found.push(`a formula with an error: ${error.textContent.slice(0, 60)}`);
  for (const tex of document.querySelectorAll("annotation")) found.push(`TeX kept beside a formula: ${tex.textContent.slice(0, 60)}`);
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const parent = text.parentElement;
    if (parent.closest("pre, code, script, style, noscript, textarea, .katex")) continue;
    const isFormula = (node) => node?.nodeType === Node.ELEMENT_NODE && node.matches(".math");
    const match =
      text.data.match(/\$\$|\\[()[\]]|\\[a-zA-Z]{2,}|\$[^$]*[\\^_][^$]*\$|\$[a-zA-Z]{1,2}\$/) ||
      // a dollar that was left beside a finished formula
      (isFormula(text.nextSibling) && text.data.match(/\$\s*$/)) ||
      (isFormula(text.previousSibling) && text.data.match(/^\s*\$/));
    if (match) found.push(`TeX in the text: ${text.data.slice(Math.max(0, match.index - 20), match.index + 40)}`);
  }
  for (const image of document.images) {
    const decorative = image.closest(".sidebar-brand") || image.getAttribute("role") === "presentation";
    if (!image.alt.trim() && !decorative) found.push(`an image without alt text: ${image.src}`);
    if (image.complete && image.naturalWidth === 0 && seen(image)) found.push(`a broken image: ${image.src}`);
  }
  for (const title of document.querySelectorAll("article .proof.open > .admonition-title")) {
    if (getComputedStyle(title, "::after").position !== "static") found.push(`the word open lies over the text: ${title.textContent}`);
  }
  for (const number of document.querySelectorAll("div.math > .eqno")) {
    const formula = number.parentElement.querySelector(".formula")?.getBoundingClientRect();
    if (formula?.right > number.getBoundingClientRect().left + 1) found.push(`a number lies over its formula: ${number.textContent}`);
  }
  if (/[<>\\$]/.test(document.title)) found.push(`markup in the window's title: ${document.title}`);
  const ids = [...document.querySelectorAll("article [id]")].map((element) => element.id);
  for (const id of new Set(ids.filter((id, index) => ids.indexOf(id) !== index))) found.push(`the id ${id} twice`);
  return found;
}
