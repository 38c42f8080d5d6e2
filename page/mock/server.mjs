// A stand-in for livegen while the real server is being written: echoes a fifth up, a second later.
import { createServer } from "node:http";
import { readFileSync, existsSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { WebSocketServer } from "ws";
const built = new URL("../../livegen/control/web/built/", import.meta.url).pathname;
const table = JSON.parse(execFileSync("/work/main/.venv/bin/python", ["-c", `
import json,dataclasses
from livegen.jam.controls import CONTROLS
from livegen.jam.mapping import COMMANDS
print(json.dumps({"controls":[dataclasses.asdict(c)|{"choices":list(c.choices),"knob":c.has_knob} for c in CONTROLS.values()],"commands":[{"name":n,"help":h} for n,h in COMMANDS.items()]}))`], { env: { ...process.env, PYTHONPATH: "/tmp/page" } }));
const now = () => Math.round(Number(process.hrtime.bigint()) / 1000);
const types = { html: "text/html", js: "text/javascript", css: "text/css", svg: "image/svg+xml" };
let takes = [{ name: "jam-1.mid", bytes: 100, modified: Date.now() / 1000, seconds: 34 }, { name: "Tuesday blues.mid", bytes: 100, modified: Date.now() / 1000 - 3600, seconds: 121 }];
const http = createServer((q, a) => {
  const path = q.url.split("?")[0];
  a.setHeader("Content-Security-Policy", "default-src 'self'; connect-src 'self'; frame-ancestors 'none'");
  if (path === "/recordings") return a.end(JSON.stringify(takes));
  if (path === "/tickets") return a.end(JSON.stringify({ url: "/take/abc/jam-1.mid" }));
  if (path.startsWith("/recordings/") && q.method === "DELETE") { takes = takes.filter((t) => t.name !== decodeURIComponent(path.slice(12))); return a.end("{}"); }
  const file = built + (path === "/" ? "index.html" : path.slice(1));
  if (!existsSync(file)) { a.statusCode = 404; return a.end(); }
  a.setHeader("Content-Type", types[file.split(".").pop()]);
  a.end(readFileSync(file));
}).listen(9711, "127.0.0.1");
const controls = Object.fromEntries(table.controls.map((c) => [c.name, c.default]));
new WebSocketServer({ server: http, path: "/ws" }).on("connection", (s) => {
  const say = (m) => s.readyState === 1 && s.send(JSON.stringify(m));
  const start = now();
  let plan = [], surprise = [], timer;
  const state = (st) => say({ t: "state", now: now(), state: st });
  s.on("message", (text) => {
    const m = JSON.parse(text);
    if (m.token) {
      say({ t: "hello", version: "0.3.0", now: now(), ...table, parts: ["lead", "comp", "bass", "drums"], ports: { in: "Model In", out: "Model Out", api: "embedded" }, presets: ["Quiet", "Solo", "Big end"], setlist: ["Quiet", "Solo"], styles: ["any", "jazz", "pop"] });
      state({ model: "jam-gru", turn: "waiting", mode: "respond", leader: "free", tempo_bpm: 104, timeline: [576923, start, 96], key: "A minor", chord: "Dm7", learning: null, map: { "cc 74": "density" }, controls, plan: [], surprise: [], engine: "alive", engine_pid: 1 });
      timer = setInterval(() => say({ t: "figures", in_to_state: { p50_us: 410, p99_us: 730, max_us: 1204, count: 32 }, in_to_first: { p50_us: 18200, p99_us: 30010, max_us: 30900, count: 5 }, lateness: { p50_us: 61, p99_us: 142, max_us: 266, count: 50 }, missed: 0, dropped: 0, late: 0, restarts: 0, loop: null, in: { 0: 4 }, out: { 0: 3, 1: 2, 9: 8 }, cpu: 0.1 }), 1000);
      say({ t: "line", line: "ready: “Model In” and “Model Out” are open", kind: "note" });
    }
    if (m.t === "ping") say({ t: "pong", at: m.at, now: now() });
    if (m.t === "set") { controls[m.name] = m.value; state({ controls, mode: controls.mode }); }
    if (m.t === "do" && m.name === "learn") state({ learning: m.value || null });
    if (m.t === "do" && m.name === "panic") state({ turn: "waiting", plan: [] });
    if (m.t === "play") {
      const at = now();
      say({ t: "notes", now: at, notes: [[0, at, ...m.data]] });
      if ((m.data[0] & 0xf0) !== 0x90) return;
      surprise = [...surprise, [at, Math.random() * 7]].slice(-32);
      const due = at + 1500000;
      [[0, 0, m.data[1] + 7, 300], [1, 1, m.data[1] - 5, 800], [2, 2, m.data[1] - 24, 500], [3, 9, 42, 50], [3, 9, 36, 50]].forEach(([part, channel, pitch, ms], i) => {
        const d = due + i * 60000; plan.push([d, d + ms * 1000, part, channel, pitch, 80]);
        setTimeout(() => { plan = plan.filter((p) => p[0] !== d); state({ turn: "responding", plan }); say({ t: "notes", now: now(), notes: [[1, now(), 0x90 | channel, pitch, 80]] }); }, (d - at) / 1000);
        setTimeout(() => say({ t: "notes", now: now(), notes: [[1, now(), 0x80 | channel, pitch, 0]] }), (d - at) / 1000 + ms);
      });
      state({ turn: "listening", plan, surprise });
    }
  });
  s.on("close", () => clearInterval(timer));
});
console.log("http://127.0.0.1:9711/#mock");
