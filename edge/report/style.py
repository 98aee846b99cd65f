"""The style sheet of every report: one column, system letters, colours for light and dark.

The series colours are those of Okabe and Ito (2008), which colour-blind readers tell apart, brightened for dark.
"""

STYLE = """
:root{--paper:#fff;--ink:#1b1f24;--quiet:#5d6670;--line:#dde1e6;--card:#f6f7f9;--link:#0a58b0;
--good:#e4f4e9;--warn:#fdf1d8;--bad:#fce5e3;--good-ink:#11643a;--warn-ink:#7a4b00;--bad-ink:#a01d17;
--c0:#0b6fb8;--c1:#d55e00;--c2:#009e73;--c3:#b65a94;--c4:#b98700;--c5:#4aa3d8;--c6:#6b5bd2;--c7:#6c757d}
@media (prefers-color-scheme:dark){:root{--paper:#14171b;--ink:#e5e8ec;--quiet:#9aa4af;--line:#30363d;--card:#1d2126;
--link:#74b4ff;--good:#12301f;--warn:#3a2a08;--bad:#401a18;--good-ink:#7fd8a4;--warn-ink:#f2c464;--bad-ink:#ff9c94;
--c0:#4da3e8;--c1:#f58a42;--c2:#33c79b;--c3:#dd8fc0;--c4:#e5b93c;--c5:#8fd0f7;--c6:#a497ff;--c7:#a3acb5}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{max-width:60rem;margin:0 auto;padding:1.5rem 1rem 4rem}
h1{font-size:1.7rem;line-height:1.2;margin:.5rem 0;letter-spacing:-.01em}
h2{font-size:1.25rem;margin:2.6rem 0 .6rem;padding-top:1rem;border-top:1px solid var(--line)}
h3{font-size:1.02rem;margin:1.6rem 0 .4rem}
p{margin:.6rem 0;max-width:44rem;overflow-wrap:anywhere}
header p{color:var(--quiet);margin:0}
nav{display:flex;flex-wrap:wrap;gap:.4rem;margin:1rem 0}
nav a{color:var(--link);text-decoration:none;border:1px solid var(--line);border-radius:1rem;padding:.15rem .75rem;
font-size:.88rem}
nav a:hover,summary:hover{background:var(--card)}
.box{border-radius:.5rem;padding:.6rem .9rem;background:var(--card)}
.good{background:var(--good);color:var(--good-ink)}.warn{background:var(--warn);color:var(--warn-ink)}
.bad{background:var(--bad);color:var(--bad-ink)}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(8.5rem,1fr));gap:.6rem;margin:1rem 0}
.tile{background:var(--card);border-radius:.6rem;padding:.7rem .9rem}
.tile.good{background:var(--good)}.tile.warn{background:var(--warn)}.tile.bad{background:var(--bad)}
.tile b{display:block;font-size:1.45rem;line-height:1.25;font-variant-numeric:tabular-nums}
.tile span{color:var(--quiet);font-size:.84rem}
.wide{overflow-x:auto;margin:1rem 0}
table{border-collapse:collapse;font-size:.92rem}
caption{text-align:left;color:var(--quiet);font-size:.88rem;padding-bottom:.3rem}
th,td{text-align:left;padding:.34rem .9rem .34rem 0;border-bottom:1px solid var(--line);vertical-align:top}
th{color:var(--quiet);font-weight:600;font-size:.84rem}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
figure{margin:1.2rem 0;max-width:34rem}
figcaption{color:var(--quiet);font-size:.88rem;max-width:44rem}
img{max-width:100%;height:auto;display:block;border-radius:.4rem}
.gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(9rem,1fr));gap:.7rem;margin:.8rem 0}
.gallery figure{margin:0;background:var(--card);border-radius:.6rem;overflow:hidden;position:relative}
.gallery img,.missing{width:100%;height:9rem;object-fit:contain;border-radius:0;background:var(--line)}
.gallery figcaption{padding:.45rem .6rem .6rem;line-height:1.35;overflow-wrap:anywhere}
.gallery b{color:var(--ink);font-weight:600;font-size:.84rem}
small{display:block;font-size:.78rem}
.badge{position:absolute;top:.4rem;right:.4rem;background:#000b;color:#fff;border-radius:.9rem;padding:.02rem .55rem;
font-size:.75rem;font-variant-numeric:tabular-nums}
details{margin:.8rem 0}
summary{cursor:pointer;color:var(--link);padding:.3rem .5rem;border-radius:.4rem}
svg{width:100%;height:auto;display:block;font:12px system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif}
svg text{fill:var(--ink)}svg .name{fill:var(--quiet)}
.grid{stroke:var(--line);stroke-width:1}.axis,.tick{stroke:var(--quiet);stroke-width:1}
.front{fill:none;stroke:var(--quiet);stroke-width:1.5;stroke-dasharray:5 4}
.whisker{fill:none;stroke:var(--ink);stroke-width:1.6}
.dot{stroke:var(--paper);stroke-width:1}.cell{fill:var(--card)}.quiet{fill:var(--c7)}
svg .on{fill:var(--paper)}svg .off{fill:var(--ink)}
""" + "".join(f".f{i}{{fill:var(--c{i})}}" for i in range(8))
