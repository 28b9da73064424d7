"use strict";
// Python for one page, off the page's own thread: fetches Pyodide's files (checked by hash, kept in the browser's cache), starts it, runs cells.
// Takes {settings, own, files, packages, interrupt} once, then {run, number}, and {idle} when there is time. Says {progress}, {starting}, {ready}, {shown}, {done}, {failed}.
let python = null, page = null, keep = null;

const say = (message) => postMessage(message);
const hex = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const network = self.fetch.bind(self);

// One file: from the cache, else from the network, whose bytes are counted and hashed. What has another hash is not used and not kept.
const obtain = async (cache, url, { size, sha256 }, count) => {
  const key = `${url}?sha256=${sha256}`;
  const kept = await cache.match(key);
  if (kept) {
    count(size);
    return kept;
  }
  const response = await network(url, { cache: "no-store" });
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  const reader = response.body.getReader(), bytes = new Uint8Array(size);
  let length = 0;
  for (let part; !(part = await reader.read()).done;) {
    if (length + part.value.length > size) throw new Error(`${url} is longer than it should be`);
    bytes.set(part.value, length);
    length += part.value.length;
    count(part.value.length);
  }
  if (length !== size || hex(await crypto.subtle.digest("SHA-256", bytes)) !== sha256) throw new Error(`${url} is not the file that this book was built with`);
  const type = url.endsWith(".wasm") ? "application/wasm" : url.endsWith(".js") ? "text/javascript" : "application/octet-stream";
  const answer = new Response(bytes, { headers: { "content-type": type, "content-length": String(size) } });
  try {
    await cache.put(key, answer.clone());
  } catch {
    // No room: it is fetched again next time.
  }
  return answer;
};

const start = async ({ settings, own, files, packages, interrupt }) => {
  const base = new URL(settings.base, own).href;
  const wanted = files.map((name) => [name, new URL(name, base).href, settings.files[name]]);
  wanted.push([settings.archive.name, new URL(settings.archive.name, own).href, settings.archive]);
  const total = wanted.reduce((sum, [, , file]) => sum + file.size, 0);
  let loaded = 0, told = 0;
  const count = (bytes) => {
    loaded += bytes;
    if (loaded - told > 250_000 || loaded === total) say({ progress: [told = loaded, total] });
  };
  const cache = await caches.open("book-python");
  const answers = new Map();
  await Promise.all(wanted.map(async ([name, url, file]) => answers.set(name, await obtain(cache, url, file, count))));
  forget(cache, settings);
  say({ starting: true });
  // Pyodide asks for its files by name, and gets those that were checked.
  const lock = new Blob([JSON.stringify(settings.lock)], { type: "application/json" });
  self.fetch = async (resource, options) => {
    const url = String(resource.url ?? resource), name = url.split("/").at(-1);
    if (answers.has(name)) return answers.get(name).clone();
    if (url.startsWith("blob:")) return network(resource, options);
    throw new TypeError(`${url} is not a file of this book`);
  };
  for (const name of ["pyodide.js", "pyodide.asm.js"]) {
    const script = URL.createObjectURL(await answers.get(name).clone().blob());
    importScripts(script);
    URL.revokeObjectURL(script);
  }
  const contents = new Map();
  for (const name of [...answers.keys()]) if (/\.(whl|zip)$/.test(name) && !settings.core.includes(name)) contents.set(name, await answers.get(name).clone().arrayBuffer());
  const quiet = () => {}, libraries = packages.filter((name) => settings.lock.packages[name].package_type === "shared_library");
  python = await loadPyodide({ indexURL: base, lockFileURL: URL.createObjectURL(lock), packages: libraries, stdout: quiet, stderr: quiet });
  // Pyodide's loadPackage would compile every binary of scipy. Unpacked only, each is compiled when it is imported.
  const shared = new Set(libraries.map((name) => settings.lock.packages[name].file_name));
  const extractDir = python.runPython("import site; site.getsitepackages()[0]");
  for (const [name, buffer] of contents) if (!shared.has(name)) python.unpackArchive(buffer, name.endsWith(".whl") ? "wheel" : "zip", { extractDir });
  // What Python compiled the last time spares most of the imports' time.
  const compiled = `${base}compiled?sha256=${settings.archive.sha256}&for=${packages}`, kept = await cache.match(compiled);
  if (kept) python.unpackArchive(await kept.arrayBuffer(), "zip", { extractDir });
  keep = kept ? null : async () => {
    const bytes = page.compiled_modules();
    await cache.put(compiled, new Response(bytes.toJs())).catch(() => {});
    bytes.destroy();
  };
  if (interrupt) python.setInterruptBuffer(new Uint8Array(interrupt));
  page = python.pyimport("book_page");
  page.prepare((kind, data) => say({ shown: [kind, data] }));
  self.fetch = network;
  answers.clear();
  say({ ready: python.runPython("import sys; sys.version.split()[0]") });
};

// Files of an older version of the book make room.
const forget = async (cache, settings) => {
  const hashes = new Set([...Object.values(settings.files), settings.archive].map((file) => file.sha256));
  for (const request of await cache.keys()) {
    const sha256 = new URL(request.url).searchParams.get("sha256");
    if (sha256 && !hashes.has(sha256)) await cache.delete(request);
  }
};

onmessage = async ({ data }) => {
  try {
    if (data.settings) await start(data);
    else if (data.idle) await keep?.().finally(() => { keep = null; });
    else say({ done: JSON.parse(page.run(data.run, data.number)) });
  } catch (error) {
    say({ failed: String(error.message ?? error) });
  }
};
