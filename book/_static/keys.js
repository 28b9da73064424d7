"use strict";
// Words at hand: a link and a citation for each statement, LaTeX of a formula, keys, and the notation over any page.
(() => {
  const article = document.querySelector("article");
  if (!article) return;
  const make = (tag, attributes = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), attributes);
    element.append(...children);
    return element;
  };

  // The clipboard --------------------------------------------------------------------------------------------------

  let status = null, fading = 0;
  const say = (text) => {
    if (!status) {
      status = make("div", { className: "said", role: "status" });
      article.append(status);
    }
    status.textContent = text;
    status.classList.add("shown");
    clearTimeout(fading);
    fading = setTimeout(() => status.classList.remove("shown"), 2500);
  };

  const byCommand = (text) => {
    const field = make("textarea", { value: text });
    field.style.cssText = "position: fixed; top: 0; left: -200vw";
    const before = document.activeElement;
    article.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    before?.focus?.({ preventScroll: true });
    return done;
  };
  // A page from disk or from a plain address has no clipboard of the newer kind.
  const copy = async (text, what) => {
    let done = true;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      done = byCommand(text);
    }
    say(done ? `${what} copied` : "The browser does not let this page copy");
  };

  // Statements -----------------------------------------------------------------------------------------------------

  // A title as BibTeX: formulas are LaTeX.
  const titled = (title) => {
    const words = title.cloneNode(true);
    for (const extra of words.querySelectorAll(".statement-tools, .caption-number, .exercise-facts")) extra.remove();
    for (const formula of words.querySelectorAll("[data-text]")) formula.replaceWith(`$${formula.dataset.tex ?? formula.dataset.text}$`);
    return words.textContent.replaceAll("\u2060", "").replace(/\s+/g, " ").trim();
  };

  // The page's entry, made the statement's: its own key, its number and title before the page's, its label, its address.
  const citation = (id, number, title) => {
    const page = document.querySelector(".page-cite pre")?.textContent.trim();
    if (!page) return "";
    const name = [number, title].filter(Boolean).join(" ");
    let entry = page
      .replace(/^(@\w+\{)([^:,]*):[^,]*/, (_, start, book) => `${start}${book}:${id}`)
      .replace(/^(\s*title = \{)(.*)(\})/m, (_, start, chapter, end) => `${start}${name}, in: ${chapter}${end}`)
      .replace(/^(\s*note = \{)(.*)(\})/m, (_, start, version, end) => `${start}Label ${id}. ${version}${end}`)
      .replace(/^(\s*url = \{)([^}#]*)(\})/m, (_, start, address, end) => `${start}${address}#${id}${end}`);
    if (!/^\s*url = /m.test(entry) && location.protocol === "https:") {
      entry = entry.replace(/\n\}$/, `,\n  url = {${location.href.split("#")[0]}#${id}}\n}`);
    }
    return entry;
  };

  for (const title of article.querySelectorAll(":is(.proof, .exercise).admonition[id] > .admonition-title")) {
    const id = title.parentElement.id, number = title.querySelector(".caption-number")?.textContent.trim();
    if (!number) continue;
    const link = make("a", { href: `#${id}`, textContent: "link", title: "Copy the address" });
    link.setAttribute("aria-label", `link to ${number}`);
    link.addEventListener("click", () => copy(`${location.href.split("#")[0]}#${id}`, "Address"));
    const cite = make("button", { type: "button", textContent: "cite", title: "Copy as BibTeX" });
    cite.setAttribute("aria-label", `cite ${number}`);
    cite.addEventListener("click", () => copy(citation(id, number, titled(title)), `BibTeX of ${number}`));
    title.append(make("span", { className: "statement-tools" }, link, cite));
  }

  // A double click on a displayed formula copies its LaTeX; a formula selected alone is copied so too (book.js).
  article.addEventListener("dblclick", (event) => {
    const formula = event.target.closest(".formula[data-text]");
    if (!formula) return;
    getSelection().selectAllChildren(formula);
    copy(formula.dataset.tex ?? formula.dataset.text, "LaTeX");
  });

  // Folds ----------------------------------------------------------------------------------------------------------

  const folds = () => [...article.querySelectorAll("details:not(.page-cite, .relations details, dialog details, .preview details)")];
  const foldButton = document.querySelector(".page-folds");
  const label = () => foldButton && (foldButton.textContent = folds().every((fold) => fold.open) ? "Fold all" : "Unfold all");
  const foldAll = () => {
    // What stands first on the screen stays where it is; for that all sections have to be laid out.
    document.documentElement.classList.remove("by-need");
    const seen = [...article.querySelectorAll(":is(p, h1, h2, h3, summary, figure, .formula)")].find((node) => node.checkVisibility() && node.getBoundingClientRect().top >= 0);
    const anchor = seen?.closest("details:has(> :not(summary))") && !seen.matches("summary") ? seen.closest("details").querySelector("summary") : seen;
    const top = anchor?.getBoundingClientRect().top, all = folds(), open = !all.every((fold) => fold.open);
    for (const fold of all) fold.open = open;
    if (anchor) scrollBy({ top: anchor.getBoundingClientRect().top - top, behavior: "instant" });
    label();
    if (all.length) say(open ? "All folds are open" : "All folds are closed");
  };
  if (foldButton && folds().length) {
    foldButton.hidden = false;
    foldButton.addEventListener("click", foldAll);
    article.addEventListener("toggle", label, true);
    label();
  }

  // Dialogs --------------------------------------------------------------------------------------------------------

  const dialog = (name, ...content) => {
    const close = make("button", { type: "button", textContent: "×", className: "dialog-close" });
    close.setAttribute("aria-label", "Close");
    const window = make("dialog", { className: "book-dialog" }, make("div", { className: "dialog-head" }, make("h2", { textContent: name, id: `dialog-${name.toLowerCase()}` }), close), ...content);
    window.setAttribute("aria-labelledby", `dialog-${name.toLowerCase()}`);
    close.addEventListener("click", () => window.close());
    window.addEventListener("click", (event) => event.target === window && window.close());
    article.append(window);
    return window;
  };

  const KEYS = [
    ["o", "open or close all folds"],
    ["n", "next page"],
    ["p", "previous page"],
    ["s", "symbols: the notation"],
    ["w", "the text alone, for a projector, or all beside it"],
    ["/", "search"],
    ["?", "this help"],
  ];
  const remembered = (value) => {
    try {
      if (value !== undefined) localStorage.setItem("keys", value);
      return localStorage.getItem("keys");
    } catch {
      return null;
    }
  };
  let help = null;
  const showHelp = () => {
    if (!help) {
      const rows = KEYS.map(([key, what]) => make("tr", {}, make("td", {}, make("kbd", { textContent: key })), make("td", { textContent: what })));
      const off = make("input", { type: "checkbox", checked: remembered() !== "off" });
      off.addEventListener("change", () => remembered(off.checked ? "on" : "off"));
      const notes = [
        "A reference shows what it names when the pointer rests on it, when it has the focus, or at the first tap; Escape closes this.",
        "A double click on a displayed formula copies its LaTeX, and so does copying a formula alone; within text, formulas are copied as characters.",
      ];
      help = dialog("Keys", make("table", {}, make("tbody", {}, ...rows)), make("label", {}, off, " these keys work (“?” always does)"), ...notes.map((textContent) => make("p", { textContent })));
    }
    help.showModal();
  };
  const helpButton = document.querySelector(".page-keys");
  if (helpButton) {
    helpButton.hidden = false;
    helpButton.addEventListener("click", showHelp);
  }

  // The tables of the notation, fetched when they are first asked for, with a field that narrows them.
  const notationLink = document.querySelector("a.page-notation");
  let notation = null;
  const showNotation = async () => {
    const url = new URL(notationLink.getAttribute("href"), document.baseURI);
    try {
      if (!notation) {
        const answer = await fetch(url);
        if (!answer.ok) throw new Error(String(answer.status));
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const body = page.querySelector("article section");
        for (const extra of body.querySelectorAll("h1, .headerlink")) extra.remove();
        for (const named of [body, ...body.querySelectorAll("[id]")]) named.removeAttribute("id");
        for (const link of body.querySelectorAll("a[href]")) link.href = new URL(link.getAttribute("href"), url).href;
        for (const heading of body.querySelectorAll("h2, h3")) heading.replaceWith(make("h3", {}, ...heading.childNodes));
        const narrow = make("input", { type: "search", placeholder: "dimension, kernel, width …" });
        narrow.autofocus = matchMedia("(hover: hover)").matches; // on a phone the keyboard would cover the tables
        narrow.setAttribute("aria-label", "Show the symbols whose line contains");
        const words = (node) => {
          const copy = node.cloneNode(true);
          for (const formula of copy.querySelectorAll("[data-text]")) formula.replaceWith(`${formula.dataset.text} ${formula.dataset.tex ?? ""}`);
          return copy.textContent.toLowerCase();
        };
        const rows = [...body.querySelectorAll("tbody tr")].map((row) => [row, words(row)]);
        const sections = [...body.querySelectorAll("section")];
        narrow.addEventListener("input", () => {
          const asked = narrow.value.trim().toLowerCase();
          for (const [row, text] of rows) row.hidden = !text.includes(asked);
          for (const section of sections) section.hidden = Boolean(asked) && !section.querySelector("tbody tr:not([hidden])");
          for (const loose of body.querySelectorAll(":scope > p")) loose.hidden = Boolean(asked);
        });
        notation = dialog("Notation", make("p", {}, narrow, " ", make("a", { href: url.href, textContent: "Open the page" })), body);
      }
      if (!notation.open) notation.showModal();
    } catch {
      location.href = url.href;
    }
  };
  notationLink?.addEventListener("click", (event) => {
    // A browser reads no second file from disk: there the link is a link.
    if (location.protocol === "file:" || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    showNotation();
  });

  // Keys -----------------------------------------------------------------------------------------------------------

  // It lasts while the tab is open, from page to page (page.html).
  const alone = () => {
    const now = document.documentElement.classList.toggle("alone");
    try {
      if (now) sessionStorage.setItem("alone", "yes");
      else sessionStorage.removeItem("alone");
    } catch {
      // Then it lasts for this page.
    }
    say(now ? "The text alone" : "The text with all beside it");
  };
  const go = (direction) => {
    const link = document.querySelector(`link[rel="${direction}"]`);
    if (link) location.href = link.href;
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.repeat) return;
    if (event.target.isContentEditable || event.target.closest?.("input:not([type=checkbox], [type=range]), textarea, select, [role=textbox]")) return;
    if (document.querySelector("dialog[open]")) return;
    const what = { o: foldAll, n: () => go("next"), p: () => go("prev"), s: () => notationLink?.click(), w: alone, "?": showHelp }[event.key];
    if (!what || (remembered() === "off" && event.key !== "?")) return;
    event.preventDefault();
    what();
  });
})();
