"use strict";
// The explorer of the page "Just the numbers". Every number that it shows is a text in the page's data, which the package computed;
// there is no formula here. The controls move between the points of the data's grid.
(() => {
  const STYLES = {
    best_width: "best", half_width: "half", random_width_predicted: "predicted", random_width_proved: "proved",
    any_coefficients: "wave", bounded_coefficients: "bounded",
  };
  const SVG = "http://www.w3.org/2000/svg";
  const GIVEN = { d: "784", norm: "1", error: "0.01", bias: "0", r: "4096" };

  const element = (name, attributes = {}, ...children) => {
    const node = name.startsWith("svg:") ? document.createElementNS(SVG, name.slice(4)) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  };

  class Explorer {
    constructor(root) {
      this.root = root;
      this.data = JSON.parse(root.querySelector("script").textContent);
      const { d, r, errors, most, norms, biases } = this.data;
      this.choices = { d: d.map(String), norm: norms.map(([value]) => value), error: errors.slice(0, most), bias: biases, r: r.map(String) };
      this.state = {};
      this.view = element("div", { class: "explorer-view" });
      root.prepend(this.view);
      root.classList.add("explorer-ready");
      this.controls();
      this.say = element("div", { class: "explorer-sentences", "aria-live": "polite" });
      this.figure = element("svg:svg", { role: "img", class: "explorer-figure" });
      this.tables = element("div", { class: "explorer-tables" });
      const keys = element("p", { class: "explorer-address" }, "The address of this page holds your choice: ",
        (this.address = element("a", { href: "#" })), ".");
      this.view.append(this.say, this.figure, this.tables, keys);
      this.restore();
      window.addEventListener("hashchange", () => location.hash.includes("=") && this.restore());
      this.figure.addEventListener("pointerdown", (event) => this.point(event));
      this.figure.addEventListener("pointermove", (event) => event.buttons && this.point(event));
      new ResizeObserver(() => this.draw()).observe(this.view);
      if (location.hash.includes("=")) root.scrollIntoView({ behavior: "instant" }); // who follows such an address wants to see it
    }

    // Controls -------------------------------------------------------------------------------------------------------------------

    controls() {
      const labels = { d: "Dimension d", norm: "Norm ‖w‖", error: "Squared error", bias: "Bias ÷ norm", r: "Features r" };
      this.inputs = {};
      const form = element("form", { class: "explorer-controls", "aria-label": "The neuron, the error, the features" });
      form.addEventListener("submit", (event) => event.preventDefault());
      for (const [name, label] of Object.entries(labels)) {
        const id = `explorer-${name}`, output = element("output", { for: id });
        let input;
        if (name === "bias") {
          input = element("select", { id }, ...this.choices.bias.map((text, i) => element("option", { value: i }, text.replace("-", "−"))));
        } else {
          input = element("input", { id, type: "range", min: 0, max: this.choices[name].length - 1, step: 1 });
        }
        input.addEventListener("input", () => this.choose(name, Number(input.value)));
        this.inputs[name] = { input, output };
        form.append(element("div", { class: `explorer-control explorer-control-${name}` }, element("label", { for: id }, label), input, output));
      }
      this.view.append(form);
    }

    choose(name, index) {
      if (this.state[name] === index) return;
      this.state[name] = index;
      history.replaceState(null, "", this.hash());
      this.show();
    }

    hash() {
      return "#" + Object.entries(this.choices).map(([name, values]) => `${name}=${values[this.state[name]]}`).join("&");
    }

    // From the address: each number is that of the grid which is nearest, on the scale of the control.
    restore() {
      const asked = new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");
      for (const [name, values] of Object.entries(this.choices)) {
        const scale = name === "bias" ? Number : (value) => Math.log(Number(value));
        const wanted = scale(asked.get(name) ?? GIVEN[name]);
        const target = Number.isFinite(wanted) ? wanted : scale(GIVEN[name]);
        const distances = values.map((value) => Math.abs(scale(value) - target));
        this.state[name] = distances.indexOf(Math.min(...distances));
      }
      this.show();
    }

    point(event) {
      if (!this.places) return;
      const x = event.clientX - this.figure.getBoundingClientRect().left, norm = 3 * this.state.norm;
      const distances = this.places.slice(norm, norm + this.data.most).map((place) => Math.abs(place - x));
      if (distances.length) this.choose("error", distances.indexOf(Math.min(...distances)));
    }

    // What is shown --------------------------------------------------------------------------------------------------------------

    // The error over the squared norm: a step of the norm is three steps of the error.
    get column() { return this.state.error + 3 * this.state.norm; }
    get unbiased() { return this.data.biases[this.state.bias] === "0"; }

    number(name) {
      const { d, r } = this.state, kind = this.data.kinds[name];
      if (name === "paper") return "";
      if (name === "trained") return this.unbiased ? this.data.d[d].toLocaleString("en") : "";
      if (!this.unbiased && name === "best_width") return this.data.with_bias[this.data.biases[this.state.bias]][d][this.column] ?? "";
      if (!this.unbiased && (!kind.biased || name === "best_error")) return "";
      return this.data.text[name][d][name.includes("error") ? r : this.column];
    }

    why(name) {
      const kind = this.data.kinds[name];
      if (name === "paper") {
        const reached = this.data.paper[this.state.d][this.column] === "1";
        return `a constant without a value; ${reached ? "holds" : "begins beyond this ratio of norm and error"}`;
      }
      return this.unbiased || (kind.biased && !(name in { best_width: 1, best_error: 1 })) ? kind.nothing : this.data.biased;
    }

    label(name) {
      const { theorem, theorems, bound, bounds, kinds } = this.data;
      if (name === "random_width_proved" && this.unbiased) return theorems[theorem[this.state.d][this.column]];
      if (name === "random_error_proved") return bounds[bound[this.state.d][this.state.r]];
      return kinds[name].label;
    }

    // The page itself refers to each theorem; its link has the number and the address.
    link(label) {
      const ends = label.includes("-") ? [`#${label}`, `#equation-${label}`] : ["limits/bounded-coefficients.html"];
      const found = [...document.querySelectorAll("a[href]")].find((a) => !this.root.contains(a) && ends.some((end) => a.getAttribute("href").endsWith(end)));
      if (!found) return label;
      const text = label.includes("-") ? found.textContent.trim() : label.replace("there", "of the paper");
      return element("a", { href: found.getAttribute("href") }, text.startsWith("(") ? `Equation ${text}` : text);
    }

    sentence(given, kind, unit = "") {
      const said = Object.entries(this.data.kinds)
        .filter(([name, { phrase }]) => phrase && name.includes(`_${kind}`) && this.number(name))
        .map(([name, { phrase }]) => phrase.replace("{}", this.number(name) + unit));
      const head = `${this.data.d[this.state.d].toLocaleString("en")} dimensions, ${given}: `;
      return head + (said.length ? said.join("; ") : this.data.biased) + ".";
    }

    show() {
      const { state, data } = this;
      const shown = {
        d: data.d[state.d].toLocaleString("en"), norm: data.norms[state.norm][1],
        error: `${data.errors[state.error]}`, bias: "", r: data.r[state.r].toLocaleString("en"),
      };
      for (const [name, { input, output }] of Object.entries(this.inputs)) {
        input.value = state[name];
        output.textContent = shown[name];
        if (name !== "bias") input.setAttribute("aria-valuetext", shown[name]);
      }
      const share = data.shares[this.column], r = data.r[state.r];
      const bias = this.unbiased ? "" : `, a bias of ${data.biases[state.bias].replace("-", "−")} ‖w‖`;
      this.say.replaceChildren(
        element("p", {}, this.sentence(`an error of ${share} of ‖w‖²${bias}`, "width")),
        element("p", {}, this.sentence(`${shown.r} feature${r > 1 ? "s" : ""}${bias}`, "error", " ‖w‖²")),
      );
      const names = Object.keys(data.kinds);
      this.tables.replaceChildren(
        this.table(`Features for an error of ${share} of ‖w‖²`, names.filter((name) => !name.includes("error"))),
        this.table(`Error ÷ ‖w‖² with r = ${shown.r}`, names.filter((name) => name.includes("error"))),
      );
      this.address.textContent = this.hash();
      this.address.setAttribute("href", this.hash());
      this.draw();
    }

    table(title, names) {
      const body = element("tbody");
      for (const name of names) {
        const kind = this.data.kinds[name], text = this.number(name), swatch = element("svg:svg", { class: "explorer-swatch", "aria-hidden": "true" });
        if (STYLES[name]) swatch.append(element("svg:line", { class: `explorer-line explorer-${STYLES[name]}`, x1: 0, x2: 28, y1: 6, y2: 6 }));
        const number = text ? `${kind.sign}\u00a0${text}` : element("span", { class: "explorer-nothing" }, this.why(name));
        body.append(element("tr", { "data-kind": name },
          element("th", { scope: "row", title: kind.assumes }, ...(STYLES[name] ? [swatch] : []), kind.name),
          element("td", {}, number), element("td", {}, this.link(this.label(name)))));
      }
      const head = element("tr", {}, ...["bound", "number", "by"].map((text) => element("th", { scope: "col" }, text)));
      return element("table", {}, element("caption", {}, title), element("thead", {}, head), body);
    }

    // The figure: all curves in this dimension, the choice as a cross.
    draw() {
      const { data, state, figure, column } = this;
      const width = Math.max(260, Math.floor(this.view.clientWidth)), height = Math.max(240, Math.min(400, Math.round(0.55 * width)));
      if (!width || state.d === undefined) return;
      const last = Math.min(data.errors.length - 1, Math.max(9, column + 2)), box = { left: 58, right: width - 12, top: 12, bottom: height - 44 };
      const logs = Object.fromEntries(Object.keys(STYLES).map((name) => [name, data.log[name][state.d]]));
      if (!this.unbiased) logs.best_width = data.log_with_bias[data.biases[state.bias]][state.d];
      const visible = Object.values(logs).flatMap((row) => row.slice(0, Math.min(last, column + 2) + 1)).filter((log) => log !== null);
      const top = Math.max(4, Math.log10(data.r[state.r]) + 1, 1.1 * Math.max(...visible));
      const x = (i) => box.left + ((box.right - box.left) * i) / last, y = (log) => box.bottom - ((box.bottom - box.top) * log) / top;
      this.places = data.errors.map((_, i) => x(i));
      figure.setAttribute("viewBox", `0 0 ${width} ${height}`);
      figure.setAttribute("width", width);
      figure.setAttribute("height", height);
      figure.setAttribute("aria-label", `The number of features, on a logarithmic scale, against the error, in ${data.d[state.d]} dimensions: `
        + "from below the bounds by way of the wave, the optimum, random features predicted and proved. The numbers stand in the table below.");
      const line = (x1, y1, x2, y2, name) => element("svg:line", { x1, y1, x2, y2, class: `explorer-${name}` });
      const text = (at, height, content, anchor) => element("svg:text", { x: at, y: height, "text-anchor": anchor }, content);
      const parts = [element("svg:clipPath", { id: "explorer-clip" },
        element("svg:rect", { x: box.left, y: box.top, width: box.right - box.left, height: box.bottom - box.top }))];
      const step = [1, 2, 5, 10, 20, 50, 100, 200, 500].find((size) => top / size <= 6);
      for (let power = 0; power <= top; power += step) {
        parts.push(line(box.left, y(power), box.right, y(power), "grid"));
        const label = text(box.left - 8, y(power) + 4, "10", "end");
        if (power) label.append(element("svg:tspan", { dy: -5, class: "explorer-power" }, String(power)));
        else label.textContent = "1";
        parts.push(label);
      }
      const every = width < 500 && last > 9 ? 6 : 3;
      for (let i = 1; i <= last; i += every) {
        parts.push(line(x(i), box.bottom, x(i), box.bottom + 5, "axis"));
        parts.push(text(i === last ? width : x(i), box.bottom + 20, data.shares[i], i === last ? "end" : "middle"));
      }
      parts.push(line(box.left, box.bottom, box.right, box.bottom, "axis"), line(box.left, box.top, box.left, box.bottom, "axis"));
      parts.push(text((box.left + box.right) / 2, height - 4, "error as a part of ‖w‖²", "middle"));
      const curves = element("svg:g", { "clip-path": "url(#explorer-clip)" });
      curves.append(line(x(column), box.top, x(column), box.bottom, "cross"));
      curves.append(line(box.left, y(Math.log10(data.r[state.r])), box.right, y(Math.log10(data.r[state.r])), "cross"));
      for (const [name, row] of Object.entries(logs)) {
        const points = row.map((log, i) => (log === null ? null : `${x(i).toFixed(1)},${y(log).toFixed(1)}`));
        const path = points.map((point, i) => (point ? `${points[i - 1] ? "L" : "M"}${point}` : "")).join("");
        const faint = this.unbiased || data.kinds[name].biased ? "" : " explorer-faint";
        if (path) curves.append(element("svg:path", { d: path, class: `explorer-line explorer-${STYLES[name]}${faint}` }));
        if (Number.isFinite(row[column]) && !faint) curves.append(element("svg:circle", { cx: x(column), cy: y(row[column]), r: 4, class: `explorer-dot explorer-${STYLES[name]}` }));
      }
      parts.push(curves, text(box.right - 4, y(Math.log10(data.r[state.r])) - 5, "r", "end"));
      figure.replaceChildren(...parts);
    }
  }

  const start = () => { for (const root of document.querySelectorAll(".explorer")) new Explorer(root); };
  document.readyState === "loading" ? document.addEventListener("DOMContentLoaded", start) : start();
})();
