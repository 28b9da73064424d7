"use strict";
// Run in the document before it is printed.
const paper = {
  // What is too wide for the sheet is set smaller. Returned is what then still sticks out, and what picture is not there.
  fit() {
    const boxes = [...document.querySelectorAll("div.math > .formula, pre, table, dl.py > dt")];
    const room = (box) => (box.tagName === "TABLE" ? box.parentElement : box).clientWidth;
    const need = (box) => (box.tagName === "TABLE" ? box.offsetWidth : box.scrollWidth);
    for (let step = 0; step < 3; step += 1) {
      const wide = boxes.map((box) => [box, room(box) / need(box)]).filter(([, by]) => by < 0.999);
      const sizes = wide.map(([box]) => parseFloat(getComputedStyle(box).fontSize));
      wide.forEach(([box, by], i) => (box.style.fontSize = `${Math.max(sizes[i] * by * 0.995, 7)}px`));
    }
    const edge = document.body.getBoundingClientRect().right + 1;
    const outside = (box) => box.getBoundingClientRect().right > edge;
    const where = (box) => box.closest("[id]")?.id;
    const pieces = [...document.querySelectorAll(".katex-html, pre, td, img, svg, code, p, dt")];
    const cut = pieces.filter((box) => outside(box) || (box.matches("pre, .formula") && need(box) > room(box) + 1));
    const missing = [...document.images].filter((image) => !image.naturalWidth);
    return [
      ...cut.map((box) => `${where(box)}: too wide: ${box.textContent.slice(0, 80)}`),
      ...missing.map((image) => `${where(image)}: no picture ${image.src.slice(0, 80)}`),
    ];
  },

  // The words of each heading, formulas as plain characters.
  headings() {
    return [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].map((heading) => {
      const copy = heading.cloneNode(true);
      for (const formula of copy.querySelectorAll("[data-text]")) formula.replaceWith(formula.dataset.text);
      return copy.textContent.replaceAll("\u2060", "").replace(/\s+/g, " ").trim();
    });
  },

  // Writes the sheet where it is asked for: by id of the place.
  number(sheets) {
    for (const place of document.querySelectorAll("[data-page-of]"))
      place.textContent = sheets[place.dataset.pageOf] ?? "";
  },
};
