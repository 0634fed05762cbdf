import { themeStyle } from './theme.ts';

/** Above this width, in CSS pixels, a page has the wide charts, and its tables have columns. */
const WIDE = 800;

/** The style sheet of the web page. */
export function pageStyle(): string {
  return `${themeStyle()}
*{box-sizing:border-box}
html{background:var(--paper);color:var(--ink);-webkit-text-size-adjust:100%}
body{margin:0 auto;max-width:66rem;padding:3rem 1rem 6rem;overflow-wrap:break-word;
font:1rem/1.6 system-ui,sans-serif;font-variant-numeric:tabular-nums}
header,section{margin-bottom:4.5rem}
h1{font-size:2.25rem;line-height:1.15;letter-spacing:-.02em;margin:0 0 .75rem}
h2{font-size:1.5rem;line-height:1.25;letter-spacing:-.01em;margin:0 0 1rem;padding-top:1rem;
border-top:2px solid var(--accent)}
h3{font-size:1.0625rem;line-height:1.4;margin:2.75rem 0 .25rem}
p,ul,figcaption{max-width:44rem}
p{margin:0 0 1rem}
ul{padding-left:1.2rem;margin:0 0 1rem}
header p,.notes,.about,figcaption{color:var(--soft)}
.notes{font-size:.875rem;margin-top:.75rem;padding:0;list-style:none}
.missed{color:var(--missed);font-weight:600}
a{color:var(--accent);text-underline-offset:.2em;text-decoration-thickness:1px}
a:focus-visible,summary:focus-visible{outline:2px solid var(--accent);outline-offset:3px}
nav{margin-top:2rem;font-size:.9375rem}
nav ul{list-style:none;padding:0;margin:0}
nav li{margin:.35rem 0}
nav li li{display:inline-block;margin:0 1rem 0 0}
nav ul ul{color:var(--soft);font-size:.875rem;padding-left:1rem}
table{border-collapse:collapse;width:100%;margin:.75rem 0 0;font-size:.9375rem;line-height:1.45}
th,td{text-align:left;vertical-align:top;padding:.5rem 1rem .5rem 0;
border-bottom:1px solid var(--line)}
th{font-weight:500}
thead th,thead td{color:var(--soft);font-size:.8125rem;border-bottom-color:var(--soft)}
tbody th{width:30%}
td span{display:block}
td span+span:not(.missed){color:var(--soft);font-size:.875em}
.group th{padding-top:1rem;font-weight:600;border:0}
.keep{max-width:44rem}
.list{padding:1rem 1.25rem;list-style:none;border-left:2px solid var(--line);font-size:.9375rem}
.list li+li{margin-top:.4rem}
.list .missed{font-weight:400}
.grouped td span{white-space:nowrap}
.grouped tbody th{width:auto}
.grouped tbody tr:not(.group) th,.grouped td{padding-top:.25rem;padding-bottom:.25rem}
.keep td:last-child{padding-right:0}
figure{margin:1.5rem 0 2rem}
figcaption{font-size:.875rem;line-height:1.5;margin-bottom:.75rem}
figure svg[role=img]{display:block;width:100%;height:auto}
.legend{display:flex;flex-wrap:wrap;gap:.25rem 1.5rem;list-style:none;padding:0;margin:.5rem 0;
max-width:none;font-size:.875rem}
.swatch{margin-right:.5rem}
.wide{display:none}
.narrow{max-width:30rem}
details{margin-top:1rem;overflow-x:auto}
summary{cursor:pointer;font-weight:500;color:var(--accent)}
@media (min-width:${WIDE}px){
body{padding:5rem 2rem 8rem}
h1{font-size:3rem}
.wide{display:block}
.narrow{display:none}
.stack{table-layout:fixed}
}
@media (max-width:${WIDE - 0.02}px){
.stack thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.stack,.stack tbody,.stack tr,.stack th,.stack td{display:block;width:auto}
.stack tr{padding:.6rem 0;border-bottom:1px solid var(--line)}
.stack th,.stack td{border:0;padding:0}
.stack tbody th{font-weight:600}
.stack td{display:grid;grid-template-columns:3.5rem 1fr;margin-top:.25rem}
.stack td:empty{display:none}
.stack td::before{content:attr(data-column);color:var(--soft);grid-row:1/span 4}
.stack td span{grid-column:2}
.keep{font-size:.8125rem}
.keep th,.keep td{padding-right:.5rem}
}
@media print{details>*{display:block}}
`;
}
