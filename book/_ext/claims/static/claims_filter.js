"use strict";
// The ledger as a tool: cards by part, status and kind of check, the choice in the address; statements fetched when they are opened.
(() => {
  const form = document.querySelector(".claims-filter");
  if (!form) return;
  const cards = [...document.querySelectorAll(".claims-card")];
  const chapters = [...document.querySelectorAll(".claims-chapter")];
  const boxes = [...form.querySelectorAll("input")];
  const facets = [...new Set(boxes.map((box) => box.name))];
  const status = form.querySelector("[role=status]"), all = form.querySelector("button");

  // Within one filter any of the chosen values, across filters all of them.
  const fits = (card, chosen, without) => facets.every((facet) => facet === without || !chosen[facet].length || chosen[facet].some((value) => card.classList.contains(`${facet}-${value}`)));

  const show = () => {
    const chosen = Object.fromEntries(facets.map((facet) => [facet, boxes.filter((box) => box.name === facet && box.checked).map((box) => box.value)]));
    for (const card of cards) card.hidden = !fits(card, chosen);
    for (const chapter of chapters) chapter.hidden = !chapter.querySelector(".claims-card:not([hidden])");
    // Beside each box: how many results it would show, or adds to those shown.
    for (const box of boxes) {
      const count = cards.filter((card) => card.classList.contains(`${box.name}-${box.value}`) && fits(card, chosen, box.name)).length;
      const label = box.closest("label");
      label.querySelector(".claims-count").textContent = count;
      label.classList.toggle("claims-none", !count);
    }
    const shown = cards.filter((card) => !card.hidden).length;
    status.textContent = shown === cards.length ? `All ${shown} results.` : `${shown} of ${cards.length} results.`;
    all.disabled = !boxes.some((box) => box.checked);
    return chosen;
  };

  const write = () => {
    const chosen = show(), address = new URL(location.href);
    address.hash = "";
    for (const facet of facets) {
      address.searchParams.delete(facet);
      for (const value of chosen[facet]) address.searchParams.append(facet, value);
    }
    history.replaceState(null, "", address);
  };

  const read = () => {
    const asked = new URLSearchParams(location.search);
    for (const box of boxes) box.checked = asked.getAll(box.name).includes(box.value);
    show();
    // A link to one card shows it, whatever is chosen.
    const target = document.getElementById(location.hash.slice(1));
    if (target?.closest(".claims-card[hidden]")) {
      for (const box of boxes) box.checked = false;
      show();
      target.scrollIntoView();
    }
  };

  form.addEventListener("change", write);
  form.addEventListener("submit", (event) => event.preventDefault());
  all.addEventListener("click", (event) => {
    event.preventDefault();
    for (const box of boxes) box.checked = false;
    write();
    boxes[0].focus();
  });
  addEventListener("popstate", read);
  addEventListener("hashchange", read);
  form.hidden = false;
  read();

  // The ledger has each statement as plain characters; a click brings the typeset one from its chapter.
  const pages = new Map();
  const page = (address) => {
    if (!pages.has(address)) pages.set(address, fetch(address).then((answer) => answer.text()).then((text) => new DOMParser().parseFromString(text, "text/html")));
    return pages.get(address);
  };
  const typeset = async (plain) => {
    const address = new URL(plain.dataset.from, location.href), id = address.hash.slice(1);
    const box = (await page(address.href.split("#")[0])).getElementById(id)?.querySelector(":scope > section");
    if (!box) return;
    const copy = document.createElement("div");
    copy.className = "claims-statement";
    copy.append(...box.childNodes);
    for (const element of copy.querySelectorAll(".claim-source, .headerlink, .eqno, .page-tools")) element.remove();
    for (const element of copy.querySelectorAll("[id]")) element.removeAttribute("id");
    for (const link of copy.querySelectorAll("a[href]")) link.href = new URL(link.getAttribute("href"), address).href;
    plain.replaceWith(copy);
  };
  for (const summary of document.querySelectorAll(".claims-card summary")) {
    summary.addEventListener("click", () => {
      const plain = summary.parentElement.querySelector("p.claims-statement");
      if (plain && location.protocol.startsWith("http")) typeset(plain).catch(() => {}); // the plain text stays
    });
  }
})();
