"use strict";
// The search page's first list: statements, exercises, pages and symbols by number, name, function and synonym. Sphinx's own results follow.
(() => {
  const GREEK = Object.fromEntries("α alpha β beta γ gamma δ delta ε epsilon ϵ epsilon ζ zeta η eta θ theta κ kappa λ lambda μ mu ν nu ξ xi π pi ρ rho σ sigma τ tau φ phi ϕ phi χ chi ψ psi ω omega".split(" ").reduce((pairs, word, i, all) => (i % 2 ? [...pairs, [all[i - 1], word]] : pairs), []));
  const FILLING = new Set(["a", "an", "and", "at", "by", "for", "how", "in", "is", "of", "on", "proof", "the", "to", "what", "with"]);
  const KINDS = new Set(["theorem", "thm", "lemma", "proposition", "prop", "corollary", "definition", "remark", "exercise", "chapter"]);
  const SHOWN = 8;

  // Words of a text: small letters without accents, Greek by name, numbers with their points, no plural.
  const words = (text) => {
    const spelt = text.toLowerCase().replace(/\p{Script=Greek}/gu, (letter) => ` ${GREEK[letter] ?? letter} `);
    const plain = spelt.normalize("NFKD").replace(/\p{M}/gu, "");
    return (plain.match(/\d+(?:\.\d+)*|\p{L}+/gu) ?? []).map((word) => (/[^s]s$/.test(word) && word.length > 4 ? word.slice(0, -1) : word));
  };

  const bare = (all) => (all.length === 1 ? all : all.filter((word) => !FILLING.has(word)));

  const WEIGHTS = { name: 4, title: 10, functions: 7, label: 5, text: 2 };

  const read = (data) => {
    const page = Object.fromEntries(data.entries.filter((row) => !row[1]).map((row) => [row[0], row[4]]));
    const entries = data.entries.map(([at, anchor, kind, number = "", title = "", functions = "", text = ""], order) => {
      const name = `${data.kinds[kind]} ${number}`.trim();
      const fields = { name: words(name), title: words(title), functions: words(functions), label: name === "Symbol" ? [] : words(`${anchor} ${anchor ? page[at] : ""}`), text: words(text) };
      return { order, name, title, functions, text, page: page[at], uri: data.pages[at] + (anchor ? `#${anchor}` : ""), fields, symbol: name === "Symbol" };
    });
    const synonyms = data.synonyms.flatMap(([phrases, direct, other]) => phrases.map((phrase) => ({ phrase: bare(words(phrase)), direct, other: other.map(words) })));
    return { entries, synonyms };
  };

  const inside = (part, whole) => whole.findIndex((_, i) => part.length > 0 && part.every((word, j) => whole[i + j] === word));

  // How well one word fits one entry; 0 where it does not.
  const fit = (word, entry) => {
    let best = 0;
    for (const [field, weight] of Object.entries(WEIGHTS)) {
      for (const other of entry.fields[field]) {
        if (other === word) best = Math.max(best, weight);
        else if (!/\d/.test(word) && word.length > 2 && other.startsWith(word)) best = Math.max(best, 0.6 * weight);
      }
    }
    return best;
  };

  const score = (query, entry) => {
    if (!query.length) return 0;
    // "Theorem 7.3" means the number, whatever the book calls what has it.
    const number = query.find((word) => /^\d+\.\d+$/.test(word));
    if (number && query.every((word) => word === number || KINDS.has(word))) {
      if (!entry.fields.name.includes(number)) return 0;
      const exercise = entry.name.startsWith("Exercise") === query.includes("exercise");
      return 1000 + (query.every((word) => entry.fields.name.includes(word)) ? 20 : 0) + (exercise ? 10 : 0);
    }
    let sum = 0;
    for (const word of query) {
      const found = fit(word, entry);
      if (!found) return 0;
      sum += found;
    }
    const title = entry.fields.title;
    if (inside(query, title) >= 0) sum += 8;
    if (title.length === query.length && inside(query, title) === 0) sum += 12;
    return sum / query.length + (inside(query.filter((word) => !KINDS.has(word)), title) >= 0 ? 6 : 0) - (entry.symbol ? 4 : 0) - (entry.fields.name[0] === "exercise" ? 3 : 0);
  };

  const rank = ({ entries, synonyms }, text) => {
    const query = bare(words(text));
    const points = new Map();
    const add = (entry, value) => value > 0 && points.set(entry, Math.max(points.get(entry) ?? 0, value));
    const wanted = [query];
    for (const { phrase, direct, other } of synonyms) {
      const at = inside(phrase, query);
      if (at < 0) continue;
      const rest = [...query.slice(0, at), ...query.slice(at + phrase.length)];
      for (const word of other) wanted.push([...query.slice(0, at), ...word, ...query.slice(at + phrase.length)]);
      direct.forEach((place, i) => {
        const entry = entries[place];
        const fits = rest.every((word) => fit(word, entry) > 0);
        if (rest.length === 0) add(entry, 500 - i);
        else if (fits) add(entry, 300 + phrase.length - i);
      });
    }
    for (const entry of entries) for (const some of wanted) add(entry, score(some, entry));
    return [...points].sort(([a, x], [b, y]) => y - x || a.order - b.order).map(([entry]) => entry);
  };

  const element = (tag, name, text) => {
    const made = document.createElement(tag);
    if (name) made.className = name;
    made.textContent = text;
    return made;
  };

  const shown = (entry, root) => {
    const item = element("li", "", "");
    const link = element("a", "", "");
    link.href = root + entry.uri;
    link.append(element("span", "found-name", entry.name), entry.title ? ` ${entry.title}` : "");
    item.append(link);
    if (entry.page !== entry.title) item.append(element("span", "found-page", entry.page));
    if (entry.text) item.append(element("span", "found-text", entry.text));
    if (entry.functions) item.append(element("code", "found-function", entry.functions.replaceAll(" ", ", ")));
    return item;
  };

  const fill = (section, found) => {
    const root = document.documentElement.dataset.content_root ?? "";
    const list = section.querySelector("ol"), more = section.querySelector("button");
    list.replaceChildren(...found.map((entry) => shown(entry, root)));
    const items = [...list.children];
    for (const item of items.slice(SHOWN)) item.hidden = true;
    section.querySelector("[role=status]").textContent = found.length === 1 ? "1 match" : `${found.length || "No"} matches`;
    more.hidden = found.length <= SHOWN;
    more.textContent = `Show all ${found.length}`;
    more.onclick = () => {
      for (const item of items) item.hidden = false;
      more.hidden = true;
      items[SHOWN].querySelector("a").focus();
    };
    section.hidden = false;
  };

  const text = new URLSearchParams(location.search).get("q")?.trim() ?? "";
  window.bookSearch = { words, read, rank };
  const section = document.querySelector(".found");
  if (!section || !text) return;
  document.querySelector(".search-again input").value = text;
  fetch(section.dataset.from)
    .then((answer) => answer.json())
    .then((data) => fill(section, rank(read(data), text)))
    .catch(() => {}); // from a disk without a server a browser reads no file; Sphinx's results are there
})();
