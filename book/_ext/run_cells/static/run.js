"use strict";
// Run buttons: the code cells of a page are run in the page by Python, in a worker (worker.js). Nothing is fetched before the first click.
(() => {
  const own = document.currentScript.src;
  const needed = JSON.parse(document.getElementById("run-cells").textContent);
  const megabytes = (bytes) => `${Math.round(bytes / 1e6)} MB`;
  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  // The page's cells, in their order. ---------------------------------------------------------------------------------
  const cells = [...document.querySelectorAll(".run-bar:not([data-absent])")].map((bar) => {
    const cell = bar.closest(".cell"), code = cell.querySelector(".cell_input pre");
    return {
      bar, cell, code, number: Number(bar.dataset.cell), original: code.cloneNode(true),
      book: cell.querySelector(".cell_output:not(.run-output)"), said: bar.querySelector(".run-said"),
      current: false, output: null,
    };
  });
  // A browser may write a new line of an edited cell as an element.
  const text = (cell) => {
    const code = cell.code.cloneNode(true);
    for (const end of code.querySelectorAll("br")) end.replaceWith("\n");
    for (const line of code.querySelectorAll("div, p")) line.before("\n");
    return code.textContent.replaceAll("\u00a0", " ");
  };
  const changed = (cell) => text(cell).trimEnd() !== cell.original.textContent.trimEnd();

  // What Python is doing, at the foot of the window. -------------------------------------------------------------------
  // What changes is read out; the seconds and megabytes that go on are only seen.
  const words = make("span", { className: "run-words" }), figures = make("span", { className: "run-figures" }), bar = make("progress", { hidden: true });
  words.setAttribute("role", "status");
  bar.setAttribute("aria-label", "Loading Python");
  const button = (label, act) => {
    const element = make("button", { type: "button", textContent: label });
    element.addEventListener("click", act);
    return element;
  };
  const stopButton = button("Stop", () => stop()), resetButton = button("Reset page", () => reset());
  const closeButton = button("Hide", () => { panel.hidden = true; });
  const panel = make("div", { className: "run-panel", hidden: true }, words, figures, bar, stopButton, resetButton, closeButton);
  panel.setAttribute("role", "region");
  panel.setAttribute("aria-label", "Python in this page");
  document.body.append(panel);
  let shrinking = 0;
  const tell = (message, { loaded = null, busy = false, amount = "" } = {}) => {
    clearTimeout(shrinking);
    panel.classList.remove("run-small");
    panel.hidden = false;
    if (words.textContent !== message) words.textContent = message;
    figures.textContent = amount;
    bar.hidden = loaded === null;
    if (loaded) [bar.value, bar.max] = loaded;
    stopButton.hidden = !busy;
    resetButton.hidden = busy;
    closeButton.hidden = busy;
  };

  // The worker. --------------------------------------------------------------------------------------------------------
  const loading = "Loading Python, once: your browser keeps it.";
  let worker = null, ready = null, answer = null, queue = [], pumping = false, interrupt = null, abort = null, generation = 0;

  // A small file as the site has it now, or without a network as it was the last time.
  const textOf = async (name) => {
    const url = new URL(name, own).href, cache = await caches.open("book-python");
    try {
      const response = await fetch(url, { cache: "no-cache" });
      if (!response.ok) throw new Error(`${url} answers ${response.status}`);
      await cache.put(url, response.clone());
      return await response.text();
    } catch (error) {
      const kept = await cache.match(url);
      if (kept) return kept.text();
      throw error;
    }
  };

  const start = () => {
    if (ready) return ready;
    const mine = generation;
    if (!globalThis.isSecureContext || location.protocol === "file:" || !globalThis.caches) {
      const why = "Run works on a site with https, or served on your own machine (make serve), not from a folder";
      return Promise.reject(new Error(why));
    }
    tell(loading, { busy: true, loaded: [0, needed.size] });
    ready = Promise.all([textOf("run.json"), textOf("worker.js")]).then(([found, program]) => new Promise((resolve, reject) => {
      if (mine !== generation) return reject(new Error("stopped"));
      abort = reject;
      const address = URL.createObjectURL(new Blob([program], { type: "text/javascript" }));
      worker = new Worker(address);
      worker.onmessage = ({ data }) => receive(data, resolve, reject);
      worker.onerror = (event) => reject(new Error(event.message || "the worker did not start"));
      interrupt = globalThis.crossOriginIsolated ? new Uint8Array(new SharedArrayBuffer(1)) : null;
      worker.postMessage({ settings: JSON.parse(found), own, files: needed.files, packages: needed.packages, interrupt: interrupt?.buffer });
    }));
    return ready;
  };

  const receive = (data, resolve, reject) => {
    if (data.progress) {
      tell(loading, { amount: data.progress.map(megabytes).join(" of "), loaded: data.progress, busy: true });
    } else if (data.starting) tell("Starting Python …", { busy: true });
    else if (data.ready) resolve(data.ready);
    else if (data.shown) answer?.show(...data.shown);
    else if (data.done) answer?.end(data.done);
    else if (data.failed) answer ? answer.fail(new Error(data.failed)) : reject(new Error(data.failed));
  };

  const end = () => {
    generation += 1;
    worker?.terminate();
    worker = ready = interrupt = null;
    queue = [];
    answer?.fail(new Error("stopped"));
    abort?.(new Error("stopped"));
    for (const cell of cells) cell.current = false;
  };

  // Without shared memory (it needs headers that few servers send) the only way to stop Python is to end it.
  const stop = () => {
    const running = answer;
    if (interrupt && running) {
      queue = [];
      interrupt[0] = 2;
      setTimeout(() => { if (answer === running) stopHard(); }, 10000); // a busy machine may need seconds to tell of the error
      return;
    }
    stopHard();
  };
  const stopHard = () => {
    end();
    tell("Stopped. Python was ended: what the cells had defined is gone. Run all above brings it back.");
  };

  const reset = () => {
    end();
    for (const cell of cells) restore(cell);
    panel.hidden = true;
  };

  // Running. -----------------------------------------------------------------------------------------------------------
  const run = (wanted) => {
    queue.push(...wanted.filter((cell) => !queue.includes(cell)));
    for (const cell of queue) cell.said.textContent = "waits";
    if (!pumping) pump();
  };

  const pump = async () => {
    pumping = true;
    try {
      const version = await start();
      let cell = null, result = null;
      while ((cell = queue.shift())) {
        result = await runOne(cell);
        if (result.error) {
          for (const left of queue.splice(0)) left.said.textContent = "";
          cell.bar.closest("details:not([open])")?.setAttribute("open", ""); // in a folded solution it would not be seen
          if (result.error === "NameError") suggest(cell);
        }
      }
      if (worker) {
        tell(`Python ${version} is ready in this page.`);
        shrinking = setTimeout(() => panel.classList.add("run-small"), 4000);
      }
      setTimeout(() => { if (!pumping) worker?.postMessage({ idle: true }); }, 3000);
    } catch (error) {
      for (const cell of cells) if (cell.said.textContent === "waits") cell.said.textContent = "";
      if (error.message !== "stopped") {
        end();
        tell(`${error.message}.`);
      }
    }
    pumping = false;
    if (queue.length) pump();
  };

  const runOne = (cell) => new Promise((resolve, reject) => {
    const begun = performance.now(), seconds = () => (performance.now() - begun) / 1000;
    const source = text(cell), output = fresh(cell);
    const clock = setInterval(() => tell(`Cell ${cell.number} runs …`, { amount: `${seconds().toFixed(0)} s`, busy: true }), 1000);
    const busy = setTimeout(() => tell(`Cell ${cell.number} runs …`, { busy: true }), 200);
    const leave = (word) => {
      clearInterval(clock);
      clearTimeout(busy);
      answer = null;
      output.removeAttribute("aria-busy");
      cell.said.textContent = word;
    };
    cell.said.textContent = "runs …";
    cells.forEach((other) => { if (other.number >= cell.number) other.current = false; });
    answer = {
      show: (kind, data) => show(cell, output, kind, data),
      end: (result) => {
        cell.current = !result.error;
        leave(`${result.error ? "stopped after" : "ran in"} ${seconds().toFixed(2)} s${changed(cell) ? ", edited" : ""}`);
        resolve(result);
      },
      fail: (error) => {
        leave("stopped");
        reject(error);
      },
    };
    worker.postMessage({ run: source, number: cell.number });
  });

  // Every cell above from the first on that has not run as it stands, then this one.
  const above = (cell) => {
    const before = cells.slice(0, cells.indexOf(cell));
    const first = before.findIndex((other) => !other.current);
    return [...(first < 0 ? [] : before.slice(first)), cell];
  };

  const suggest = (cell) => {
    if (above(cell).length === 1) return;
    const again = button("Run all above, then this", () => run(above(cell)));
    again.className = "run-again";
    cell.output.append(make("p", { className: "run-hint" }, "Cells above have not run yet. ", again));
  };

  // What a cell shows: instead of the book's own output, whose captions stay. --------------------------------------------
  const fresh = (cell) => {
    cell.output?.remove();
    cell.output = make("div", { className: "cell_output docutils container run-output" });
    cell.output.setAttribute("aria-busy", "true");
    cell.output.setAttribute("role", "group");
    cell.output.setAttribute("aria-label", `Output of cell ${cell.number}`);
    cell.book?.classList.add("run-replaced");
    cell.bar.after(cell.output);
    return cell.output;
  };

  const show = (cell, output, kind, data) => {
    if (kind === "image") {
      const before = changed(cell) ? null : cell.book?.querySelectorAll("img")[output.querySelectorAll("img").length];
      const image = make("img", { alt: before?.alt || `Figure drawn by cell ${cell.number}`, src: `data:image/png;base64,${data}` });
      image.addEventListener("load", () => { image.style.width = `${image.naturalWidth / 2}px`; });
      output.append(image);
    } else if (kind === "html") {
      const holder = make("div", { className: "output text_html", innerHTML: data });
      output.append(holder);
      for (const script of holder.querySelectorAll("script")) script.replaceWith(make("script", { textContent: script.textContent }));
    } else {
      const last = output.lastElementChild;
      if (last?.dataset.kind === kind) return last.querySelector("pre").append(data);
      const pre = make("pre", { tabIndex: 0 }, data);
      const holder = make("div", { className: `output ${kind === "text" ? "stream" : `run-${kind}`}` }, make("div", { className: "highlight" }, pre));
      holder.dataset.kind = kind;
      output.append(holder);
    }
  };

  const restore = (cell) => {
    leaveEditing(cell);
    const original = cell.original.cloneNode(true);
    cell.code.replaceWith(original);
    cell.code = original;
    cell.output?.remove();
    cell.output = null;
    cell.book?.classList.remove("run-replaced");
    cell.said.textContent = "";
    cell.current = false;
  };

  // Editing: the code itself, as plain text. ----------------------------------------------------------------------------
  const edit = (cell) => {
    cell.bar.closest(".cell").querySelector("details")?.setAttribute("open", "");
    const { code } = cell;
    code.contentEditable = "plaintext-only";
    if (code.contentEditable !== "plaintext-only") code.contentEditable = "true";
    Object.assign(code, { spellcheck: false, onkeydown: (event) => key(cell, event), oninput: () => { cell.current = false; cell.said.textContent = changed(cell) ? "edited" : ""; } });
    code.setAttribute("role", "textbox");
    code.setAttribute("aria-multiline", "true");
    code.setAttribute("aria-label", `Code of cell ${cell.number}: Shift-Enter runs, Escape leaves`);
    code.setAttribute("autocapitalize", "off");
    code.setAttribute("autocorrect", "off");
    code.classList.add("run-editing");
    code.focus();
  };

  const leaveEditing = (cell) => {
    cell.code.removeAttribute("contenteditable");
    for (const name of ["role", "aria-multiline", "aria-label"]) cell.code.removeAttribute(name);
    cell.code.onkeydown = null;
    cell.code.classList.remove("run-editing");
  };

  const key = (cell, event) => {
    if (event.key === "Enter" && event.shiftKey) {
      event.preventDefault();
      run([cell]);
    } else if (event.key === "Escape") {
      leaveEditing(cell);
      cell.bar.querySelector(".run-edit").focus();
    } else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      const selection = getSelection(), range = selection.getRangeAt(0).cloneRange();
      range.setStart(cell.code, 0);
      const line = range.toString().split("\n").at(-1);
      document.execCommand("insertText", false, `\n${line.match(/^ */)[0]}${/:\s*$/.test(line) ? "    " : ""}`);
    }
  };

  for (const cell of cells) {
    cell.bar.querySelector(".run-go").addEventListener("click", () => run([cell]));
    cell.bar.querySelector(".run-go").title = `Runs this cell in the page. The first time, Python is loaded: ${megabytes(needed.size)}, kept for the next time.`;
    cell.bar.querySelector(".run-above").addEventListener("click", () => run(above(cell)));
    cell.bar.querySelector(".run-above").title = "Runs the cells above that have not run as they stand, then this one.";
    cell.bar.querySelector(".run-edit").addEventListener("click", () => (cell.code.isContentEditable ? leaveEditing(cell) : edit(cell)));
  }
})();
