"use strict";
// Formulas are in the page twice, for the eye and for screen readers. Copied text and search excerpts take the third form, `data-text`;
// a formula copied alone is LaTeX, `data-tex` (not there where the characters are the same).
(() => {
  const flatten = (root) => {
    for (const formula of root.querySelectorAll("[data-text]")) formula.replaceWith(formula.dataset.text);
    return root;
  };

  document.addEventListener("copy", (event) => {
    const selection = document.getSelection();
    if (!selection.rangeCount || selection.isCollapsed || !event.clipboardData) return;
    const range = selection.getRangeAt(0).cloneRange();
    // A selection that begins or ends inside a formula takes the whole of it.
    const whole = (node) => (node.nodeType === 1 ? node : node.parentElement)?.closest("[data-text]");
    const first = whole(range.startContainer), last = whole(range.endContainer);
    if (first) range.setStartBefore(first);
    if (last) range.setEndAfter(last);
    const fragment = range.cloneContents();
    if (!fragment.querySelector("[data-text]")) return;
    const formulas = [...fragment.querySelectorAll("[data-text]")];
    const holder = document.createElement("div");
    holder.append(fragment);
    const [alone] = formulas;
    if (formulas.length === 1 && !holder.textContent.replace(alone.textContent, "").replaceAll("\u2060", "").trim()) {
      event.clipboardData.setData("text/plain", alone.dataset.tex ?? alone.dataset.text);
      event.preventDefault();
      return;
    }
    flatten(holder);
    // Only text in the page has line breaks between paragraphs, so the copy is laid out for a moment, out of sight.
    holder.style.cssText = "position: fixed; left: -200vw; white-space: normal";
    document.body.append(holder);
    event.clipboardData.setData("text/plain", holder.innerText.replaceAll("\u2060", ""));
    holder.remove();
    event.preventDefault();
  });

  const ready = () => {
    if (typeof Search !== "undefined") {
      const original = Search.htmlToText;
      Search.htmlToText = (html, anchor) => {
        const page = flatten(new DOMParser().parseFromString(html, "text/html"));
        // An excerpt is made of prose: the code of a figure is full of TeX and says nothing there.
        for (const element of page.querySelectorAll(".page-tools, .related-pages, .bottom-of-page, .page-legal, .cell_input, .run-bar, .relations")) element.remove();
        return original(page.documentElement.outerHTML, anchor).replaceAll("\u2060", "").replace(/\s+/g, " ").trim();
      };
    }
    unfold();
    bindPrint();
    bindMenus();
    followContents();
    showChapter();
    reachable();
    bringFilms();
    layOut();
  };

  // A link into a folded proof opens it, and paper cannot be clicked.
  const unfold = (moved = false) => {
    let target = null;
    try {
      target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    } catch {
      return;
    }
    let opened = false;
    for (let node = target; node; node = node.parentElement) {
      if (node.tagName === "DETAILS" && !node.open) opened = node.open = true;
    }
    if (opened || moved) target?.scrollIntoView();
  };

  // What the style sheet has put off is laid out when it comes near. From the first sign of a reader on, also what is far, a section at a time
  // while the browser is idle; at once where a place is asked for.
  let complete = -1000; // when the last section was laid out
  const atOnce = () => {
    if (document.documentElement.matches(".by-need")) complete = performance.now();
    document.documentElement.classList.remove("by-need");
    follow();
  };
  // How tall a part will be, from its words, folds, pictures and blocks: a little more than it is, for the scroll bar and for what looks for overlaps.
  const tall = (part) => {
    const outside = (what) => [...part.querySelectorAll(what)].filter((node) => !node.parentElement.closest("details"));
    const folds = outside("details"), width = Math.min(736, document.documentElement.clientWidth - 32);
    const letters = part.textContent.length - folds.reduce((sum, fold) => sum + fold.textContent.length, 0);
    const pictures = outside("img").length * 450 * Math.min(1, width / 700);
    return Math.round(1.25 * ((letters * 28 * 8) / width + folds.length * 70 + pictures + outside("p, li, pre, .formula, h2, h3, tr, dt").length * 16));
  };
  const layOut = () => {
    const idle = window.requestIdleCallback ?? ((work) => setTimeout(work, 50));
    const rest = [...document.querySelectorAll("html.by-need :is(article > section > section, .claims-chapter)")];
    for (const section of rest) section.style.containIntrinsicSize = `auto ${tall(section)}px`;
    const next = () => {
      const section = rest.shift();
      if (!section) {
        atOnce();
        return idle(() => reach([...document.querySelectorAll(WIDE)]));
      }
      section.style.contentVisibility = "visible";
      idle(next);
    };
    const signs = ["pointermove", "pointerdown", "keydown", "wheel", "scroll"];
    const begin = (event) => {
      if (event.type === "scroll" && event.target !== document) return; // a list beside the page, which showChapter moves
      for (const sign of signs) removeEventListener(sign, begin, true);
      idle(next);
    };
    for (const sign of signs) addEventListener(sign, begin, { capture: true, passive: true });
    document.addEventListener("click", (event) => event.target.closest('a[href*="#"]') && atOnce(), true);
  };
  addEventListener("hashchange", () => {
    atOnce();
    const moved = performance.now() - complete < 1000; // the browser went there before all had its size
    unfold(moved);
    // Faces that only far sections use come now, and lines before the place may wrap anew.
    const top = scrollY;
    if (moved) document.fonts.ready.then(() => scrollY === top && unfold(true));
  });

  // What scrolls sideways in its own box can be scrolled with the keyboard. A box is measured when all is laid out, when its fold opens, and again when it comes near.
  const WIDE = "article :is(.formula, pre, .table-wrapper, .claims-graph, dl.py > dt)";
  const reach = (boxes) => {
    const wide = boxes.map((box) => box.scrollWidth > box.clientWidth + 1);
    boxes.forEach((box, i) => (wide[i] ? (box.tabIndex = 0) : box.removeAttribute("tabindex")));
  };
  const reachable = () => {
    const near = new IntersectionObserver((seen) => reach(seen.filter((entry) => entry.isIntersecting).map((entry) => entry.target)), { rootMargin: "800px" });
    const boxes = document.querySelectorAll(WIDE);
    for (const box of boxes) near.observe(box);
    document.addEventListener("toggle", (event) => reach([...event.target.querySelectorAll(WIDE)]), true);
    addEventListener("resize", () => {
      near.disconnect();
      for (const box of boxes) near.observe(box);
    });
  };

  // The contents show where the reader is: at the last heading above the upper fifth of the window. The theme's own way measures every heading while
  // the page loads, and so lays out all that has been put off; here nothing is measured before that is done, or while the contents are hidden.
  let follow = () => {};
  const followContents = () => {
    const contents = document.querySelector(".page-contents");
    if (!contents) return;
    const links = [...contents.querySelectorAll('a[href^="#"]')].filter((link) => link.hash);
    const headings = links.map((link) => document.getElementById(decodeURIComponent(link.hash.slice(1))));
    let current = null, asked = false;
    const mark = () => {
      asked = false;
      if (document.documentElement.matches(".by-need") || !contents.checkVisibility({ visibilityProperty: true })) return;
      let at = headings.findLastIndex((heading) => heading?.getBoundingClientRect().top <= innerHeight / 5);
      if (scrollY > 0 && scrollY + innerHeight >= document.documentElement.scrollHeight - 2) at = links.length - 1;
      if (links[at] === current) return;
      current = links[at];
      for (const item of contents.querySelectorAll(".scroll-current")) item.classList.remove("scroll-current");
      if (!current) return contents.scrollTo({ top: 0 });
      for (let item = current.closest("li"); item; item = item.parentElement.closest("li")) item.classList.add("scroll-current");
      const box = contents.getBoundingClientRect(), line = current.getBoundingClientRect();
      if (line.top < box.top || line.bottom > box.bottom) contents.scrollBy({ top: line.top - box.top - box.height / 2 });
    };
    follow = () => {
      if (!asked) requestAnimationFrame(mark);
      asked = true;
    };
    for (const event of ["scroll", "resize", "load"]) addEventListener(event, follow, { passive: true });
    document.getElementById("__toc")?.addEventListener("change", () => setTimeout(follow, 300)); // when it has slid in
  };

  // The list of chapters is long: it begins near this one. An observer says where that stands without laying out the page for it.
  const showChapter = () => {
    const here = document.querySelector(".sidebar-tree .current-page > .reference"), list = here?.closest(".sidebar-scroll");
    if (!list) return;
    new IntersectionObserver(([{ boundingClientRect: line, rootBounds: box }], observer) => {
      observer.disconnect();
      if (box && line.bottom > box.bottom) list.scrollTo({ top: list.scrollTop + line.top - box.top - box.height / 3, behavior: "instant" });
    }, { root: list }).observe(here);
  };

  // All pictures of a film come when it is near: those that are hidden would come only when their turn is.
  const bringFilms = () => {
    const near = new IntersectionObserver((seen) => {
      const films = seen.filter((entry) => entry.isIntersecting).map((entry) => entry.target);
      for (const image of films.flatMap((film) => [...film.querySelectorAll("img")])) image.loading = "eager";
    }, { rootMargin: "800px" });
    for (const film of document.querySelectorAll(".film")) near.observe(film);
  };

  // The theme's menus are boxes to tick: here Enter ticks them too, Escape closes them, and so does a choice.
  const bindMenus = () => {
    for (const [id, drawer] of [["__navigation", ".sidebar-drawer"], ["__toc", ".toc-drawer"]]) {
      const box = document.getElementById(id), menu = document.querySelector(drawer);
      if (!box || !menu) continue;
      box.addEventListener("change", () => {
        if (box.checked) [...menu.querySelectorAll("a, input")].find((item) => item.checkVisibility())?.focus({ preventScroll: true });
      });
      box.addEventListener("keydown", (event) => event.key === "Enter" && box.click());
      menu.addEventListener("click", (event) => event.target.closest("a") && box.checked && box.click());
      document.addEventListener("keydown", (event) => {
        if (event.key !== "Escape" || !box.checked) return;
        box.click();
        box.focus();
      });
    }
  };

  // Without a script there is nothing that the button could do, so it is hidden until here.
  const bindPrint = () => {
    for (const button of document.querySelectorAll(".page-print")) {
      button.hidden = false;
      button.addEventListener("click", () => print());
    }
  };

  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("article details:not([open], .solution, .page-cite)")];
    for (const fold of closed) fold.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const fold of closed) fold.open = false;
  });

  document.readyState === "loading" ? document.addEventListener("DOMContentLoaded", ready) : ready();
})();
