"use strict";
// Python for one page, off the page's own thread: fetches Pyodide's files (checked by hash, kept in the browser's cache), starts it, runs cells.
// Takes {settings, own, files, packages, interrupt} once, then {run, number}, and {idle} when there is time. Says {progress}, {starting}, {ready}, {shown}, {done}, {failed}.
// A second worker of this file takes {unpack} and says {unpacked}: it opens the libraries' archives while Python starts.
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
  const libraries = packages.filter((name) => settings.lock.packages[name].package_type === "shared_library");
  const apart = new Set([...settings.core, ...libraries.map((name) => settings.lock.packages[name].file_name)]);
  // What Python compiled the last time spares most of the imports' time.
  const compiled = `${base}compiled?sha256=${settings.archive.sha256}&for=${packages}`, kept = await cache.match(compiled);
  const archives = [...answers.keys()].filter((name) => !apart.has(name)).map((name) => answers.get(name).clone());
  const opened = elsewhere(await Promise.all([...archives, ...(kept ? [kept] : [])].map((answer) => answer.arrayBuffer())));
  opened.catch(() => {}); // it is waited for below
  for (const name of ["pyodide.js", "pyodide.asm.js"]) {
    const script = URL.createObjectURL(await answers.get(name).clone().blob());
    importScripts(script);
    URL.revokeObjectURL(script);
  }
  const quiet = () => {};
  python = await loadPyodide({ indexURL: base, lockFileURL: URL.createObjectURL(lock), packages: libraries, stdout: quiet, stderr: quiet });
  // Pyodide's loadPackage would compile every binary of scipy. Unpacked only, each is compiled when it is imported.
  const place = python.runPython("import site; site.getsitepackages()[0]"), made = new Set();
  for (const [name, bytes] of await opened) {
    const path = `${place}/${name}`, folder = path.slice(0, path.lastIndexOf("/"));
    if (!made.has(folder)) python.FS.mkdirTree(folder);
    made.add(folder);
    python.FS.writeFile(path, bytes, { canOwn: true });
  }
  python.runPython("import importlib; importlib.invalidate_caches()");
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

// The files of zip archives, by name. Their end lists them: where each is, and how long, packed (method 8) or not.
const unpack = async (buffers) => {
  const files = [];
  for (const buffer of buffers) {
    const view = new DataView(buffer), words = new TextDecoder();
    let end = buffer.byteLength - 22;
    while (view.getUint32(end, true) !== 0x06054b50) end -= 1;
    let at = view.getUint32(end + 16, true);
    for (let left = view.getUint16(end + 10, true); left > 0; left -= 1) {
      const size = view.getUint32(at + 20, true), long = view.getUint16(at + 28, true), start = view.getUint32(at + 42, true);
      const name = words.decode(new Uint8Array(buffer, at + 46, long));
      const from = start + 30 + view.getUint16(start + 26, true) + view.getUint16(start + 28, true);
      if (!name.endsWith("/")) files.push([name, new Uint8Array(buffer, from, size), view.getUint16(at + 10, true), view.getUint32(at + 24, true)]);
      at += 46 + long + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    }
  }
  const whole = new Uint8Array(files.reduce((sum, [, , , length]) => sum + length, 0)), places = [];
  let filled = 0;
  for (const [name, bytes, method, length] of files) {
    const plain = method ? await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"))).arrayBuffer() : bytes;
    if (plain.byteLength !== length) throw new Error(`${name} cannot be unpacked`);
    whole.set(method ? new Uint8Array(plain) : plain, filled);
    places.push([name, filled, filled += length]);
  }
  return { whole, places };
};

// The same in a second worker.
const elsewhere = (buffers) => new Promise((resolve, reject) => {
  const second = new Worker(self.location.href);
  second.onmessage = ({ data: { unpacked, failed } }) => {
    second.terminate();
    if (failed) return reject(new Error(failed));
    resolve(unpacked.places.map(([name, start, end]) => [name, unpacked.whole.subarray(start, end)]));
  };
  second.onerror = (event) => reject(new Error(event.message || "the libraries were not unpacked"));
  second.postMessage({ unpack: buffers }, buffers);
});

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
    else if (data.unpack) {
      const unpacked = await unpack(data.unpack);
      postMessage({ unpacked }, [unpacked.whole.buffer]);
    }
    else if (data.idle) await keep?.().finally(() => { keep = null; });
    else say({ done: JSON.parse(page.run(data.run, data.number)) });
  } catch (error) {
    say({ failed: String(error.message ?? error) });
  }
};
