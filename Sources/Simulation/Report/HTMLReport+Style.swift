extension HTMLReport {
    /// The page's style sheet.
    ///
    /// Lines differ in colour and in dashes. All colours of texts have a contrast of at least 4.5 to what is behind them, those of lines
    /// at least 3 (https://www.w3.org/TR/WCAG22/).
    static let style = """
        :root {
          color-scheme: light dark;
          --page: #f5f6f8; --card: #ffffff; --ink: #1a2029; --soft: #566070; --line: #dde1e8;
          --good: #0a6b3b; --bad: #b3261e; --fault: #9a4a08; --on-fault: #ffffff; --band: #c2610c1c;
          \(PlotColours.variables(PlotColours.light))
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --page: #101317; --card: #181c22; --ink: #e8ebf0; --soft: #a2acba; --line: #2f3641;
            --good: #52c78f; --bad: #ff8f85; --fault: #f0a860; --on-fault: #201204; --band: #f0a8601c;
            \(PlotColours.variables(PlotColours.dark))
          }
        }
        * { box-sizing: border-box; }
        body {
          margin: 0 auto; max-width: 1180px; padding: 24px 20px 40px; background: var(--page); color: var(--ink);
          font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", "DejaVu Sans", sans-serif;
          overflow-wrap: anywhere;
        }
        h1 { font-size: 26px; line-height: 1.25; margin: 0 0 8px; display: flex; flex-wrap: wrap; gap: 8px 14px; align-items: center; }
        h2 { font-size: 17px; margin: 0 0 10px; }
        h2.part { margin: 28px 0 4px; }
        h3 { font-size: 15px; margin: 0; }
        p { margin: 0 0 8px; max-width: 80ch; }
        code { font: 13px/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
        .soft, .caption, .empty { color: var(--soft); }
        .caption { font-size: 13px; margin: 0 0 8px; }
        .note { font-size: 13px; margin-bottom: 12px; }
        .empty { margin: 12px 0 4px; }
        .good { color: var(--good); }
        .bad { color: var(--bad); }
        .verdict { font-size: 15px; font-weight: 600; border: 2px solid; border-radius: 999px; padding: 2px 12px; }
        .card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 16px 18px; margin: 0 0 16px; }
        .failed { border-color: var(--bad); border-width: 2px; }
        ul, ol { margin: 0; padding: 0; }
        .plain { padding-left: 20px; }

        .tiles { list-style: none; display: grid; gap: 12px; margin: 16px 0; grid-template-columns: repeat(6, 1fr); }
        .tiles li {
          background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 12px 14px;
          display: flex; flex-direction: column; overflow-wrap: normal;
        }
        .tiles .name { font-size: 13px; font-weight: 600; }
        .tiles strong { font-size: 22px; line-height: 1.35; font-variant-numeric: tabular-nums; }
        .tiles .soft { font-size: 12px; line-height: 1.4; }

        .expectations { list-style: none; }
        .expectations li {
          display: grid; grid-template-columns: 92px 1fr auto; gap: 2px 12px; padding: 6px 0; border-top: 1px solid var(--line);
        }
        .expectations li:first-child { border-top: 0; padding-top: 0; }
        .expectations .good, .expectations .bad { font-weight: 600; white-space: nowrap; }
        .expectations strong { text-align: right; font-variant-numeric: tabular-nums; }

        .row { display: grid; grid-template-columns: 130px 1fr; align-items: center; border-top: 1px solid var(--line); }
        .row:first-child { border-top: 0; }
        .row .place { font-size: 13px; padding-right: 10px; }
        .lanes { padding: 3px 0; min-width: 0; }
        .lane { position: relative; height: 24px; margin: 2px 0; }
        .bar {
          position: absolute; top: 0; height: 24px; min-width: 24px; border-radius: 5px; background: var(--fault);
          color: var(--on-fault); font-size: 12px; line-height: 24px; padding: 0 3px; overflow: hidden; white-space: nowrap;
          text-overflow: ellipsis; text-align: center; box-shadow: 0 0 0 1px var(--card);
        }
        .bar span { margin-left: 4px; }
        .next { margin: 12px 0 0; max-width: none; }
        .next code, footer code { display: inline-block; max-width: 100%; overflow-x: auto; white-space: nowrap; vertical-align: bottom; }
        dl { margin: 0; display: grid; grid-template-columns: 150px 1fr; gap: 6px 12px; font-size: 14px; }
        dt { font-weight: 600; }
        dd { margin: 0; max-width: 80ch; color: var(--soft); }
        details { margin-top: 8px; font-size: 13px; }
        summary { cursor: pointer; color: var(--soft); width: max-content; padding: 4px 0; }
        .wide { overflow-x: auto; }
        .timeline ol { margin: 14px 0 0; padding-left: 26px; columns: 2; column-gap: 32px; }
        .timeline li { break-inside: avoid; padding-left: 2px; }

        .plots { display: grid; gap: 16px; grid-template-columns: repeat(2, minmax(0, 1fr)); }
        .plots .card { margin: 0; }
        .plot { display: flex; flex-direction: column; }
        .legend { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 16px; font-size: 13px; margin: 0 0 8px; }
        .legend li { display: flex; align-items: center; gap: 6px; white-space: nowrap; }
        .frame { display: grid; grid-template-columns: 58px 1fr; height: 170px; margin-top: auto; padding-top: 8px; }
        .levels { position: relative; font-size: 12px; color: var(--soft); font-variant-numeric: tabular-nums; }
        .levels span { position: absolute; right: 8px; transform: translateY(50%); line-height: 1; white-space: nowrap; }
        .drawing { width: 100%; height: 100%; display: block; overflow: visible; }
        .drawing path { vector-effect: non-scaling-stroke; }
        .times { position: relative; height: 20px; font-size: 12px; color: var(--soft); margin-top: 6px; }
        .plot .times { margin-left: 58px; }
        .times span { position: absolute; transform: translateX(-50%); white-space: nowrap; }
        .times .first { transform: none; }
        .times .last { transform: translateX(-100%); left: 100% !important; }
        .band { fill: var(--band); }
        .grid { stroke: var(--line); stroke-width: 1; fill: none; }
        .stop { stroke: var(--soft); stroke-width: 1.5; stroke-dasharray: 2 4; fill: none; }
        .line { fill: none; stroke-width: 1.75; stroke-linejoin: round; }
        .area { stroke: none; opacity: 0.16; }
        .c0 { stroke: var(--c0); } .area.c0 { fill: var(--c0); }
        .c1 { stroke: var(--c1); stroke-dasharray: 8 3; } .c2 { stroke: var(--c2); stroke-dasharray: 3 2; }
        .c3 { stroke: var(--c3); stroke-dasharray: 10 3 2 3; } .c4 { stroke: var(--c4); stroke-dasharray: 14 4; }
        .c5 { stroke: var(--c5); } .c6 { stroke: var(--c6); stroke-dasharray: 6 6; } .c7 { stroke: var(--c7); stroke-dasharray: 1 3; }
        .area.c0 { stroke: none; }

        main > .card, main > .plots { margin-bottom: 16px; }
        table { border-collapse: collapse; width: 100%; font-size: 13.5px; font-variant-numeric: tabular-nums; }
        th, td { text-align: right; padding: 6px 0 6px 14px; border-top: 1px solid var(--line); vertical-align: bottom; overflow-wrap: normal; }
        thead th { border-top: 0; color: var(--soft); font-weight: 500; }
        th:first-child { text-align: left; padding-left: 0; }
        tbody th { font-weight: 600; }
        @media (min-width: 761px) { .card { overflow-x: auto; } tbody th, tbody td { white-space: nowrap; } }
        .plain-table { width: auto; font-size: 13px; }
        .plain-table th, .plain-table td { padding: 3px 0 3px 16px; white-space: nowrap; }
        footer { margin-top: 24px; font-size: 14px; }

        @media (max-width: 1000px) { .tiles { grid-template-columns: repeat(3, 1fr); } }
        @media (max-width: 760px) {
          body { padding: 16px 12px 32px; }
          h1 { font-size: 22px; }
          .tiles { grid-template-columns: repeat(2, 1fr); gap: 8px; }
          .plots { grid-template-columns: minmax(0, 1fr); gap: 12px; }
          .card { padding: 14px; }
          .timeline ol { columns: 1; }
          dl { grid-template-columns: 1fr; gap: 2px; }
          dd { margin-bottom: 8px; }
          .bar .wide { display: none; }
          .lane:empty { height: 2px; }
          .row { grid-template-columns: 1fr; padding: 4px 0 2px; }
          .row.axis { border-top: 0; padding: 0; }
          .times .odd { display: none; }
          .frame { grid-template-columns: 52px 1fr; height: 150px; }
          .plot .times { margin-left: 52px; }
          .expectations li { grid-template-columns: 1fr auto; }
          .expectations li > :first-child { grid-column: 1 / -1; }
          table:not(.plain-table), .card > table tbody, .card > table th, .card > table td { display: block; }
          .card > table thead { display: none; }
          .card > table tr {
            display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 4px 12px; border-top: 1px solid var(--line);
            padding: 8px 0;
          }
          .card > table tr:first-child { border-top: 0; padding-top: 0; }
          .card > table tbody th { border: 0; padding: 0; grid-column: 1 / -1; }
          .card > table td { border: 0; padding: 0; text-align: left; font-size: 14px; }
          .card > table td::before { content: attr(data-column); display: block; color: var(--soft); font-size: 12px; line-height: 1.3; }
          .card > table td { align-self: end; }
        }
        """
}
