"""How a report looks: in a browser, on a phone, in the dark, on paper."""

STYLE = """
:root { color-scheme: light dark; --ink: #1b2330; --soft: #566172; --line: #dce1e8;
  --back: #f3f5f8; --paper: #fff; --hue: 0 84 150; --bar: .16; --deep: #fff; --pale: #000;
  --right: #1a7f4b; --wrong: #c2410c; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6eaf0; --soft: #a3aebd; --line: #2c3542; --back: #0e1217; --paper: #171d26;
    --hue: 31 106 210; --bar: .4; --deep: #fff; --pale: #fff; --right: #3fb97a; --wrong: #f0883e; }
  /* charts are drawn on white: what is light becomes dark, a hue stays what it is */
  .charts img { filter: invert(1) hue-rotate(180deg); mix-blend-mode: screen; }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 12px; }
body { margin: 0; background: var(--back); color: var(--ink); -webkit-text-size-adjust: 100%;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
.page { max-width: 1120px; margin: 0 auto; padding: 28px 16px 48px; }
h1 { font-size: 1.8rem; line-height: 1.2; margin: 0 0 6px; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 0 0 4px; }
p { margin: 0 0 12px; color: var(--soft); max-width: 75ch; overflow-wrap: anywhere; }
header p { font-size: 1.05rem; }
nav { display: flex; flex-wrap: wrap; gap: 8px; }
nav a { color: var(--ink); text-decoration: none; font-size: .85rem; padding: 4px 12px;
  background: var(--paper); border: 1px solid var(--line); border-radius: 999px; }
nav a:hover, nav a:focus-visible { border-color: rgb(var(--hue)); }
section { background: var(--paper); border: 1px solid var(--line); border-radius: 12px;
  padding: 20px; margin: 16px 0 0; }
.tiles { display: grid; gap: 10px; grid-template-columns: repeat(auto-fill, minmax(132px, 1fr)); }
.tile { border: 1px solid var(--line); border-radius: 8px; padding: 8px 12px; }
.tile b { display: block; font-size: 1.45rem; font-variant-numeric: tabular-nums; }
.tile span { color: var(--soft); font-size: .85rem; }
.tile.first { background: rgb(var(--hue)); border-color: rgb(var(--hue)); }
.tile.first b, .tile.first span { color: #fff; }
.charts { display: grid; gap: 16px;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr)); }
.charts img { width: 100%; max-width: 560px; height: auto; display: block; margin: 0 auto; }
.scroll { overflow-x: auto; }
.beside { display: flex; flex-wrap: wrap; gap: 20px 48px; align-items: flex-start; }
.beside > * { max-width: 100%; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; }
th, td { padding: 5px 12px; text-align: right; border-bottom: 1px solid var(--line);
  white-space: nowrap; }
th { font-weight: 600; color: var(--soft); }
th:first-child, td:first-child { text-align: left; position: sticky; left: 0;
  background: var(--paper); }
th[scope=row] { color: var(--ink); font-weight: 400; }
td.bar { background: linear-gradient(to right, rgb(var(--hue) / var(--bar)) var(--share),
  transparent 0);
  background-clip: content-box; padding: 3px 8px; min-width: 5.6em; }
table.facts td { white-space: normal; overflow-wrap: anywhere; text-align: left; }
table.facts th { vertical-align: top; }
table.matrix td { text-align: center; min-width: 3em; padding: 9px 6px; color: var(--pale);
  border: 1px solid var(--paper); }
table.matrix td.deep { color: var(--deep); }
table.matrix thead th { border: 0; vertical-align: bottom; }
table.matrix thead span { writing-mode: vertical-rl; transform: rotate(180deg); max-height: 11em;
  overflow: hidden; text-overflow: ellipsis; }
table.matrix tbody th { border: 0; text-align: right; max-width: 12em; overflow: hidden;
  text-overflow: ellipsis; }
.cards { display: grid; gap: 14px;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 300px), 1fr)); }
figure { margin: 0; border: 1px solid var(--line); border-top: 3px solid var(--line);
  border-radius: 8px; overflow: hidden; }
figure.right { border-top-color: var(--right); }
figure.wrong { border-top-color: var(--wrong); }
figure .row { display: flex; gap: 2px; background: var(--line); }
figure .row div { flex: 1 1 0; min-width: 0; background: var(--paper); }
figure img { width: 100%; height: auto; display: block; background: #fff; }
figure .row span { display: block; font-size: .75rem; color: var(--soft); padding: 3px 8px;
  overflow-wrap: anywhere; }
figcaption { padding: 8px 10px; font-size: .9rem; overflow-wrap: anywhere; }
figcaption small { color: var(--soft); display: block; }
.scale { display: flex; align-items: center; gap: 8px; font-size: .8rem; color: var(--soft);
  margin: 0 0 12px; }
.scale i { height: 10px; width: 140px; border-radius: 5px; }
footer { color: var(--soft); font-size: .85rem; margin: 20px 4px 0; overflow-wrap: anywhere; }
@media (max-width: 520px) {
  .page { padding: 18px 10px 32px; }
  section { padding: 14px 12px; }
  h1 { font-size: 1.4rem; }
  table { font-size: .82rem; }
  th, td { padding: 4px 7px; }
  td.bar { min-width: 4.6em; padding: 2px 4px; }
  table.matrix td { min-width: 2.4em; padding: 7px 3px; }
  .tiles { grid-template-columns: repeat(auto-fill, minmax(96px, 1fr)); gap: 8px; }
  .tile { padding: 6px 9px; }
  .tile b { font-size: 1.2rem; }
}
@media print {
  body, section { background: #fff; border: 0; }
  nav { display: none; }
  figure, .tile, tr, .charts img { break-inside: avoid; }
}
"""
