"use strict";
// A figure as large as the screen allows: by a press on it, or on the button in its caption. On a narrow screen it keeps the size in which its words can be
// read, and scrolls; a press on it, Escape or the cross closes. Without this script the figures are as they stand.
(() => {
  const article = document.querySelector("article");
  if (!article || !window.HTMLDialogElement) return;
  const make = (tag, attributes = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), attributes);
    element.append(...children);
    return element;
  };
  const PICTURES = ":is(figure, .cell_output, .run-output) img:not(.preview *, dialog *, a *)";
  const nameOf = (image) => image.closest("figure")?.querySelector(".caption-number")?.textContent.trim() || "Figure";

  // The picture in its box ---------------------------------------------------------------------------------------------

  let window_ = null, copy = null, box = null, shown = null, opener = null;
  const build = () => {
    const close = make("button", { type: "button", textContent: "×", className: "dialog-close" });
    close.setAttribute("aria-label", "Close");
    copy = make("img");
    box = make("div", { className: "figure-box" }, copy);
    window_ = make("dialog", { className: "figure-large" }, close, box);
    close.addEventListener("click", () => window_.close());
    box.addEventListener("click", () => window_.close());
    window_.addEventListener("close", () => {
      document.documentElement.classList.remove("figure-open");
      opener?.focus({ preventScroll: true });
    });
    article.append(window_);
  };

  // The screen's size, or the size in which the figure was drawn where that is larger.
  const fit = () => {
    const drawn = Number(shown.getAttribute("width")) || shown.naturalWidth;
    const ratio = shown.naturalHeight / shown.naturalWidth || 1;
    const whole = Math.min(box.clientWidth, box.clientHeight / ratio);
    copy.style.width = `${Math.floor(Math.max(whole, drawn))}px`;
    const scrolls = box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1;
    if (scrolls) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  };

  const enlarge = (image) => {
    if (!window_) build();
    shown = image;
    opener = buttonOf(image);
    const name = nameOf(image);
    window_.setAttribute("aria-label", `${name}, enlarged`);
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", name);
    copy.alt = image.alt;
    copy.src = image.currentSrc || image.src;
    document.documentElement.classList.add("figure-open");
    window_.showModal();
    box.scrollTo(0, 0);
    fit();
  };
  addEventListener("resize", () => window_?.open && fit());

  // What opens it ------------------------------------------------------------------------------------------------------

  // A figure whose width is set is a link to its file: here it opens as the others do.
  for (const link of article.querySelectorAll("figure a.image-reference")) link.replaceWith(...link.childNodes);
  const buttons = new Map();
  const buttonOf = (image) => buttons.get(image.closest("figure") ?? image.closest(".film"));
  const offer = (holder, place) => {
    const image = () => holder.querySelector("img:not([hidden])");
    const button = make("button", { type: "button", className: "figure-enlarge", textContent: "Enlarge" });
    button.setAttribute("aria-label", `Enlarge ${nameOf(image()).replace(/^Figure$/, "the figure")}`);
    button.addEventListener("click", () => enlarge(image()));
    buttons.set(holder, button);
    place(button);
  };
  for (const figure of article.querySelectorAll("figure:has(img)")) {
    const caption = figure.querySelector("figcaption");
    if (caption) offer(figure, (button) => caption.prepend(button));
  }
  for (const film of article.querySelectorAll(".film")) offer(film, (button) => film.lastElementChild.append(button));
  article.classList.toggle("enlarges", buttons.size > 0);
  article.addEventListener("click", (event) => {
    if (event.target.matches(PICTURES)) enlarge(event.target);
  });
})();
