/// The looks of plans, light and dark: one sheet for the picture and the page. No colour carries a meaning alone.
enum PlanStyle {
    static let chart = """
        .chart text{font:11px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;fill:#4d5763}
        .chart text.month{font-weight:600;font-size:12px;fill:#1c232b}
        .chart text.name{font-size:13px;font-weight:600;fill:#1c232b}
        .grid{stroke:#e3e7ec;stroke-width:1}.grid.month{stroke:#b9c1ca}
        .weekend{fill:#f3f5f8}
        .freeze{fill:#e0a100;fill-opacity:.16}.freeze-head{fill:#b57b00}
        .chart text.freeze-name{fill:#7a5200;font-weight:600}
        .window{fill:#2563a8;stroke:#2563a8;stroke-width:1.5}
        .rollout{fill:#7a4bb8;stroke:#7a4bb8;stroke-width:1.5}
        .crowd{fill-opacity:.45}.suspended{fill-opacity:.1;stroke-dasharray:3 2}
        .taken{fill:url(#taken);stroke:#9a5b00;stroke-width:1}.hatch{stroke:#9a5b00;stroke-width:2}
        .chart text.misfit{fill:#b3261e;font-weight:700;font-size:13px}
        .now line{stroke:#b3261e;stroke-width:1.5}.chart .now text{fill:#b3261e;font-weight:600}
        .dst line{stroke:#00707a;stroke-width:1;stroke-dasharray:2 3}.dst circle{fill:#00707a}
        @media (max-width:880px){.minor{display:none}}
        @media (prefers-color-scheme:dark){
        .chart text{fill:#a7b1bd}.chart text.month,.chart text.name{fill:#e8ecf1}
        .grid{stroke:#2a323c}.grid.month{stroke:#4b5663}
        .weekend{fill:#1b2129}
        .freeze{fill:#f0b429;fill-opacity:.15}.freeze-head{fill:#f0b429}.chart text.freeze-name{fill:#f5c95c}
        .window{fill:#6aa9f0;stroke:#6aa9f0}.rollout{fill:#b794f4;stroke:#b794f4}
        .taken{stroke:#f0b429}.hatch{stroke:#f0b429}
        .chart text.misfit{fill:#ff8f85}.now line{stroke:#ff8f85}.chart .now text{fill:#ff8f85}
        .dst line{stroke:#4fd1dc}.dst circle{fill:#4fd1dc}
        }
        """

    static let page = """
        :root{color-scheme:light dark}
        *{box-sizing:border-box}
        body{margin:0 auto;max-width:1320px;padding:28px 24px 48px;background:#fff;color:#1c232b;
        font:14px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
        h1{font-size:22px;margin:0 0 2px;letter-spacing:-.01em}
        h2{font-size:16px;margin:34px 0 2px}
        p{margin:4px 0}.quiet{color:#4d5763}
        .gantt{display:grid;grid-template-columns:minmax(120px,210px) minmax(470px,1fr);margin-top:20px;overflow-x:auto;
        border:1px solid #d5dbe2;border-radius:8px}
        .gantt ol{list-style:none;margin:66px 0 0;padding:0}
        .gantt li{height:34px;padding:0 12px;border-top:1px solid #e3e7ec;display:flex;flex-direction:column;
        justify-content:center;line-height:1.25;overflow:hidden;white-space:nowrap}
        .gantt li *{overflow:hidden;text-overflow:ellipsis}
        .gantt small{color:#4d5763;font-size:11px}
        .gantt a{color:inherit;text-decoration:none;font-weight:600}.gantt a:hover{text-decoration:underline}
        .gantt svg{display:block;border-left:1px solid #d5dbe2;width:100%}
        .legend{display:flex;flex-wrap:wrap;gap:6px 22px;margin:12px 0 0;padding:0;list-style:none;color:#4d5763;font-size:12px}
        .legend li{display:flex;align-items:center;gap:7px}.legend svg{flex:none}
        .scroll{overflow-x:auto}
        table{border-collapse:collapse;width:100%;margin-top:8px;font-variant-numeric:tabular-nums}
        th{font-weight:600;color:#4d5763;font-size:12px}
        th,td{text-align:left;padding:5px 18px 5px 0;border-bottom:1px solid #e3e7ec;vertical-align:top}
        td:not(.note){white-space:nowrap}td.note{min-width:200px}
        tr.gone td:first-child,tr.gone td:nth-child(2){text-decoration:line-through}
        dl{display:grid;grid-template-columns:max-content 1fr;gap:1px 16px;margin:8px 0}dt{color:#4d5763}dd{margin:0}
        footer{margin-top:36px;border-top:1px solid #d5dbe2;padding-top:10px;color:#4d5763;font-size:12px}
        @media (max-width:880px){body{padding:18px 14px}}
        @media (prefers-color-scheme:dark){
        body{background:#14191f;color:#e8ecf1}
        .quiet,.gantt small,.legend,th,dt,footer{color:#a7b1bd}
        .gantt,.gantt svg,footer{border-color:#3a444f}.gantt li,th,td{border-color:#2a323c}
        }
        """
}
