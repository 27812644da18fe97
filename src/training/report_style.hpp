// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace xtape::training {

// Without <, & and quotes, so that it reads the same in HTML and in XML. Blue and orange differ for every
// kind of colour blindness, and curves in their widths too. Cells of the heat map are at most three quarters
// opaque, so that numbers on them keep a contrast of 4.5.
inline constexpr char report_style[] = R"(
:root {
  color-scheme: light;
  --page: #f5f6f8; --card: #ffffff; --line: #dfe3e8; --text: #1b2330; --muted: #566070;
  --grid: #e8ebef; --axis: #98a1ae; --blue: #0065ad; --orange: #cf5a00; --orange-text: #ac4700;
  --histogram: #c3cad4; --on-heat: #0c1016;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    color-scheme: dark;
    --page: #12151a; --card: #1a1f26; --line: #2c333d; --text: #e4e8ee; --muted: #a4adba;
    --grid: #2a313a; --axis: #5f6976; --blue: #4d9fe0; --orange: #f0923e; --orange-text: #f5a55f;
    --histogram: #4a5461; --on-heat: #ffffff;
  }
  .heat .right { fill: #2c78bb; }
  .heat .wrong { fill: #c45a10; }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 1200px; padding: 36px 24px 48px; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, Segoe UI, Roboto, Helvetica Neue, Arial, sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere;
  -webkit-print-color-adjust: exact; print-color-adjust: exact;
}
h1 { margin: 0; font-size: 28px; line-height: 1.25; font-weight: 650; letter-spacing: -0.01em; }
h2 { margin: 0 0 2px; font-size: 16px; font-weight: 650; }
p { margin: 0; }
.subtitle { margin-top: 4px; color: var(--muted); }
.note { margin-bottom: 12px; font-size: 13px; color: var(--muted); }
.warning {
  margin-top: 20px; padding: 10px 16px; border: 1px solid var(--line); border-left: 4px solid var(--orange);
  border-radius: 6px; background: var(--card);
}
.figures {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(128px, 1fr)); gap: 12px; margin: 24px 0 16px;
}
.figures div, section {
  background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 18px 20px;
  min-width: 0;
}
.figures div { padding: 14px; }
dt { font-size: 13px; color: var(--muted); }
dd { margin: 0; font-size: 24px; line-height: 1.4; font-weight: 600; white-space: nowrap; }
dd small {
  display: block; min-height: 1.5em; font-size: 13px; font-weight: 400; color: var(--muted);
  white-space: normal;
}
main { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 16px; }
.wide { grid-column: 1 / -1; }
.chart {
  display: block; width: 100%; max-width: 560px; height: auto; margin: 8px auto 0; overflow: visible;
}
.wide .heat .chart { max-width: none; }
.chart text { font-size: 13px; fill: var(--muted); }
.chart .name { fill: var(--text); }
.chart .count { fill: var(--on-heat); text-anchor: middle; }
.grid, .axis, .best, .training, .validation, .rate, .second, .frame { fill: none; }
.grid { stroke: var(--grid); }
.axis { stroke: var(--axis); }
.frame { stroke: var(--line); }
.best { stroke: var(--muted); stroke-width: 1.3; stroke-dasharray: 4 4; }
.training { stroke: var(--blue); stroke-width: 1.6; }
.validation { stroke: var(--orange); stroke-width: 2.8; }
.rate, .second { stroke: var(--blue); stroke-width: 2; }
polyline { stroke-linejoin: round; stroke-linecap: round; }
.dot { fill: var(--card); stroke-width: 2; }
.right { fill: var(--blue); }
.wrong { fill: var(--orange); }
.solid { fill-opacity: 0.55; }
.mark { fill: var(--blue); fill-opacity: 0.45; }
.histogram { fill: var(--histogram); }
.scroll { max-height: 500px; overflow: auto; }
table { width: 100%; border-collapse: collapse; font-size: 14px; }
th, td { padding: 5px 10px 5px 0; border-bottom: 1px solid var(--grid); text-align: left; vertical-align: top; }
th:last-child, td:last-child { padding-right: 2px; }
th { font-weight: 600; }
thead th { font-size: 13px; font-weight: 400; color: var(--muted); border-bottom-color: var(--axis); }
tbody th { font-weight: 400; }
tfoot th, tfoot td { font-weight: 600; border-bottom: 0; }
tfoot tr:first-child th, tfoot tr:first-child td { border-top: 1px solid var(--axis); }
.figure { text-align: right; white-space: nowrap; }
.settings th { width: 40%; color: var(--muted); }
.settings tr:last-child th, .settings tr:last-child td { border-bottom: 0; }
.gallery {
  display: grid; grid-template-columns: repeat(auto-fill, minmax(116px, 1fr)); gap: 18px 16px; margin-top: 4px;
}
.gallery figure { margin: 0; }
.gallery svg { display: block; width: 100%; max-height: 200px; border-radius: 4px; }
figcaption { margin-top: 6px; font-size: 13px; line-height: 1.4; color: var(--muted); }
figcaption b { display: block; font-weight: 600; color: var(--text); }
.mistake { color: var(--orange-text); }
pre {
  margin: 8px 0 0; overflow-x: auto; font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
  overflow-wrap: normal;
}
footer { margin-top: 20px; font-size: 13px; color: var(--muted); }
@media (max-width: 860px) {
  body { padding: 20px 12px 32px; }
  main { grid-template-columns: minmax(0, 1fr); }
  section { padding: 14px; }
}
@media print {
  :root { --page: #ffffff; }
  body { padding: 0; font-size: 12px; }
  section, .figures div, figure, tr { break-inside: avoid; }
  section.long { break-inside: auto; }
  .scroll { max-height: none; overflow: visible; }
  pre { white-space: pre-wrap; }
}
)";

}  // namespace xtape::training
