"use strict";
// References: a preview of what a link names (pointer, keyboard, finger), and a way back after it was followed. Nothing is fetched before it is asked for.
(() => {
  const NAMED = /^(thm|prop|lem|cor|def|rem|exm|ex|fig|equation)-/;
  const PATIENCE = 250; // ms: the pointer may cross a link, and the preview may be reached from it
  const article = document.querySelector("article");
  if (!article) return;

  // Text of a node, formulas as characters, without signs of links.
  const plain = (node) => {
    const copy = node.cloneNode(true);
    for (const formula of copy.querySelectorAll("[data-text]")) formula.replaceWith(formula.dataset.text);
    for (const extra of copy.querySelectorAll(".headerlink, .statement-tools")) extra.remove();
    return copy.textContent.replaceAll("\u2060", "").replace(/\s+/g, " ").trim();
  };

  // Where a reader is: a statement, its proof, or a section.
  const nameOf = (node) => {
    const proof = node.closest(".proof-box");
    const box = proof ? node.ownerDocument.getElementById(proof.id.replace(/^proof-/, "")) : node.closest(".proof.admonition, .exercise.admonition");
    const number = box?.querySelector(".caption-number");
    if (number) return (proof ? "the proof of " : "") + plain(number);
    const heading = node.closest("section:has(> :is(h1, h2, h3))")?.querySelector("h1, h2, h3");
    return heading ? plain(heading) : "where you were";
  };

  // What a link names ----------------------------------------------------------------------------------------------

  const addressOf = (link) => {
    try {
      return new URL(link.getAttribute("href"), document.baseURI);
    } catch {
      return null;
    }
  };
  const isHere = (url) => url.origin === location.origin && url.pathname === location.pathname;

  const previewed = (node) => {
    const link = node.closest?.("article a[href*='#']:not(.headerlink, .statement-tools a, .preview a)");
    const url = link && addressOf(link);
    if (!url || url.origin !== location.origin) return null;
    const named = NAMED.test(decodeURIComponent(url.hash.slice(1))) || (link.closest(".bibtex-citation") && url.hash);
    // A browser reads no second file from disk: there the link is a link.
    return named && (isHere(url) || location.protocol !== "file:") ? link : null;
  };

  const pages = new Map();
  const pageAt = (url) => {
    if (isHere(url)) return Promise.resolve(document);
    const address = url.origin + url.pathname;
    if (!pages.has(address)) {
      const page = fetch(address).then(async (answer) => {
        if (!answer.ok) throw new Error(`${answer.status}: ${address}`);
        return new DOMParser().parseFromString(await answer.text(), "text/html");
      });
      page.catch(() => pages.delete(address));
      pages.set(address, page);
    }
    return pages.get(address);
  };

  const excerpt = (page, url) => {
    const target = page.getElementById(decodeURIComponent(url.hash.slice(1)));
    if (!target) return null;
    const copy = target.cloneNode(true);
    for (const extra of copy.querySelectorAll(".headerlink, .claim-source, .relations, .statement-tools, .preview, script, button")) extra.remove();
    for (const named of [copy, ...copy.querySelectorAll("[id]:not(svg *)")]) named.removeAttribute("id");
    for (const stop of copy.querySelectorAll("[tabindex]")) stop.removeAttribute("tabindex");
    for (const link of copy.querySelectorAll("a:not(svg *)")) link.replaceWith(...link.childNodes);
    for (const image of copy.querySelectorAll("img")) {
      image.src = new URL(image.getAttribute("src"), url).href;
      image.loading = "eager";
    }
    const lines = [copy];
    const where = [];
    if (target.matches("div.math")) where.push(nameOf(target));
    if (page !== document) where.push(plain(page.querySelector("h1") ?? page.createElement("h1")));
    if (target.matches(".citation")) where.length = 0;
    const place = [...new Set(where)].filter(Boolean).join(", ");
    if (place) lines.push(Object.assign(document.createElement("p"), { className: "preview-place", textContent: `In ${place}` }));
    return lines;
  };

  // The preview ----------------------------------------------------------------------------------------------------

  let box = null, shown = null, wanted = null, timer = 0, touched = false, pointer = null;

  const build = () => {
    box = document.createElement("div");
    box.className = "preview";
    box.popover = "manual";
    box.innerHTML =
      '<div class="preview-head"><span></span> <a class="preview-go">Go there</a> <button type="button" aria-label="Close the preview">×</button></div><div class="preview-body" id="preview-body"></div>';
    box.addEventListener("pointerenter", (event) => event.pointerType !== "touch" && clearTimeout(timer));
    box.addEventListener("pointerleave", (event) => event.pointerType !== "touch" && later(hide));
    box.querySelector("button").addEventListener("click", () => {
      const link = shown;
      hide();
      link?.focus({ preventScroll: true });
    });
    article.append(box);
  };

  const later = (what) => {
    clearTimeout(timer);
    timer = setTimeout(what, PATIENCE);
  };

  const hide = () => {
    clearTimeout(timer);
    wanted = null;
    if (!shown) return;
    shown.removeAttribute("aria-describedby");
    shown = null;
    box.hidePopover?.();
  };

  const show = async (link, byFinger) => {
    clearTimeout(timer);
    if (shown === link && !byFinger) return;
    hide();
    wanted = link;
    const url = addressOf(link);
    let lines = null;
    try {
      lines = excerpt(await pageAt(url), url);
    } catch {
      lines = null;
    }
    if (wanted !== link) return;
    if (!lines) {
      if (byFinger) location.href = url.href;
      return;
    }
    if (!box) build();
    if (!box.showPopover) return; // an old browser: links are links
    // The browser's own tip would lie over the preview and say less.
    link.removeAttribute("title");
    box.classList.toggle("by-finger", byFinger);
    box.classList.toggle("above", link.getBoundingClientRect().bottom > innerHeight / 2); // never over the link itself
    box.querySelector(".preview-body").replaceChildren(...lines);
    const name = plain(link);
    if (byFinger) {
      box.setAttribute("role", "dialog");
      box.setAttribute("aria-label", `Preview: ${name}`);
      box.querySelector("span").textContent = name;
      box.querySelector(".preview-go").href = url.href;
    } else {
      box.setAttribute("role", "tooltip");
      box.removeAttribute("aria-label");
      link.setAttribute("aria-describedby", "preview-body");
    }
    shown = link;
    box.showPopover();
    box.scrollTop = 0;
    place();
    if (byFinger) box.querySelector(".preview-go").focus({ preventScroll: true });
    for (const image of box.querySelectorAll("img")) image.addEventListener("load", place, { once: true });
  };

  // Below the line of the link that the pointer is on, or above it, where there is more room; always inside the screen.
  const place = () => {
    if (!shown) return;
    box.removeAttribute("style");
    if (box.classList.contains("by-finger")) return;
    const lines = [...shown.getClientRects()];
    const line = lines.find((rect) => pointer !== null && pointer >= rect.top && pointer <= rect.bottom) ?? lines[0];
    if (!line || line.bottom < 0 || line.top > innerHeight) return hide();
    const gap = 6, edge = 8, width = document.documentElement.clientWidth;
    const below = innerHeight - line.bottom - gap - edge, above = line.top - gap - edge;
    const size = box.getBoundingClientRect();
    const under = size.height <= below || below >= above;
    const height = Math.min(size.height, Math.max(under ? below : above, 80));
    box.style.maxHeight = `${height}px`;
    box.style.left = `${Math.max(edge, Math.min(line.left, width - size.width - edge))}px`;
    box.style.top = `${under ? line.bottom + gap : line.top - gap - height}px`;
  };
  addEventListener("scroll", () => shown && place(), { passive: true });
  addEventListener("resize", () => shown && place());

  document.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch" || event.buttons) return;
    const link = previewed(event.target);
    if (!link) return;
    pointer = event.clientY;
    if (link === shown) clearTimeout(timer);
    else later(() => show(link, false));
  });
  document.addEventListener("pointerout", (event) => {
    if (event.pointerType === "touch" || !previewed(event.target)) return;
    if (shown || wanted) later(hide);
    else clearTimeout(timer);
  });
  // By keyboard: the link that has the focus; the arrows move what is longer than the preview.
  let quiet = false;
  document.addEventListener("focusin", (event) => {
    const link = previewed(event.target);
    if (quiet || !link || !link.matches(":focus-visible") || touched) return;
    pointer = null;
    later(() => show(link, false));
  });
  document.addEventListener("focusout", (event) => {
    if (event.target !== shown && event.target !== wanted) return clearTimeout(timer);
    if (!box?.classList.contains("by-finger")) hide();
  });
  document.addEventListener("keydown", (event) => {
    touched = false;
    if (event.key === "Escape") {
      const link = shown, inside = box?.contains(document.activeElement);
      hide();
      if (inside) link?.focus({ preventScroll: true });
    } else if (shown && shown === document.activeElement && box.scrollHeight > box.clientHeight + 1 && /^Arrow(Up|Down)$/.test(event.key)) {
      event.preventDefault();
      box.scrollBy({ top: event.key === "ArrowUp" ? -60 : 60, behavior: "instant" });
    }
  });
  // By finger: the first tap shows the preview, and in it, or by a second tap, one goes there; a tap elsewhere closes it.
  document.addEventListener("pointerdown", (event) => {
    touched = event.pointerType === "touch";
    if (shown && !box.contains(event.target) && !shown.contains(event.target)) hide();
  });

  // The way back ---------------------------------------------------------------------------------------------------

  // Each entry of the browser's history keeps which folds are open (`folds`), where its page was left (`here`), and from where it was come to (`from`).
  const note = (change) => {
    try {
      history.replaceState({ ...history.state, ...change }, "");
    } catch {
      // too many at once, or a page without a history: the browser's own memory has to do
    }
  };
  const folds = () => [...article.querySelectorAll("details")];
  const links = () => [...article.querySelectorAll("a:not(.statement-tools a, .preview a)")];
  const open = () => folds().flatMap((fold, index) => (fold.open ? [index] : []));

  const leave = (link, url) => {
    const title = document.querySelector("h1"), name = nameOf(link);
    const page = isHere(url) || !title || plain(title) === name ? "" : `, ${plain(title).replace(/:.*/, "")}`;
    note({ folds: open(), here: { link: links().indexOf(link), top: link.getBoundingClientRect().top, y: scrollY } });
    try {
      sessionStorage.setItem("followed", JSON.stringify({ to: url.href, from: name + page }));
    } catch {
      // without a memory there is no way back but the browser's
    }
  };

  const arrive = () => {
    let followed = null;
    try {
      followed = JSON.parse(sessionStorage.getItem("followed"));
      sessionStorage.removeItem("followed");
    } catch {
      followed = null;
    }
    if (followed?.to === location.href) note({ from: followed.from });
    offer();
  };

  const offer = () => {
    document.querySelector(".way-back")?.remove();
    const from = history.state?.from;
    if (!from) return;
    const bar = document.createElement("div");
    bar.className = "way-back";
    bar.innerHTML = '<button type="button" class="way-back-go">← Back to <span></span></button><button type="button" aria-label="Hide the way back">×</button>';
    const [go, close] = bar.querySelectorAll("button");
    go.querySelector("span").textContent = from;
    go.addEventListener("click", () => history.back());
    close.addEventListener("click", () => {
      note({ from: null });
      bar.remove();
    });
    article.append(bar);
  };

  // To the link that was followed, at its old place on the screen, until the page is complete or the reader moves.
  const restore = () => {
    const here = history.state?.here;
    if (!here) return;
    let moved = false;
    const reader = new AbortController();
    for (const kind of ["wheel", "touchstart", "keydown", "pointerdown"]) addEventListener(kind, () => (moved = true), { once: true, passive: true, signal: reader.signal });
    folds().forEach((fold, index) => (fold.open = history.state.folds.includes(index)));
    const put = () => {
      if (moved) return;
      const link = links()[here.link];
      const top = link?.checkVisibility() ? scrollY + link.getBoundingClientRect().top - here.top : here.y;
      scrollTo({ top, behavior: "instant" });
      quiet = true;
      link?.focus({ preventScroll: true });
      quiet = false;
    };
    put();
    requestAnimationFrame(() => requestAnimationFrame(put));
    const last = () => {
      put();
      setTimeout(() => (put(), reader.abort()), 150);
    };
    document.readyState === "complete" ? setTimeout(last, 50) : addEventListener("load", () => document.fonts.ready.then(last), { once: true });
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("article a[href]");
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    if (link.matches(".headerlink, .statement-tools a, [download], [target]")) return;
    if (touched && previewed(link) && link !== shown && HTMLElement.prototype.showPopover) {
      event.preventDefault();
      show(link, true);
      return;
    }
    const url = addressOf(link), origin = link.matches(".preview a") ? shown : link;
    if (!url || url.origin !== location.origin || !/(\.html|\/)$/.test(url.pathname)) return;
    leave(origin, url);
    hide();
    if (url.href !== location.href) return;
    // The browser would forget where this page was left.
    event.preventDefault();
    history.pushState(null, "", url.href);
    document.getElementById(decodeURIComponent(url.hash.slice(1)))?.scrollIntoView();
    arrive();
  });

  let saving = 0;
  article.addEventListener(
    "toggle",
    (event) => {
      if (event.target.tagName !== "DETAILS") return;
      clearTimeout(saving);
      saving = setTimeout(() => note({ folds: open() }), 60);
    },
    true,
  );
  addEventListener("popstate", () => setTimeout(() => (arrive(), restore())));
  addEventListener("hashchange", arrive);

  // Sphinx's own script, after this one, sets the entry's memory to nothing: it is read now and put back then.
  const kind = performance.getEntriesByType("navigation")[0]?.type, memory = history.state;
  const again = kind === "back_forward" || kind === "reload";
  if (again && memory?.folds) folds().forEach((fold, index) => memory.folds.includes(index) && (fold.open = true));
  const start = () => {
    note(memory);
    arrive();
    if (kind === "back_forward") restore();
  };
  document.readyState === "complete" ? start() : document.addEventListener("DOMContentLoaded", () => setTimeout(start));
})();
