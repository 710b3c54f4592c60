/// The look of the report around its plots, on screen and in print.
enum StyleSheet {
    static let page = """
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--page); color: var(--ink);
          font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
        main { max-width: 64rem; margin: 0 auto; padding: 2.5rem 1.25rem 3rem; }
        h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 1rem; }
        h2 { font-size: 1.15rem; margin: 0 0 .75rem; }
        h3 { font-size: .95rem; margin: 0 0 .5rem; }
        p { margin: 0 0 .75rem; max-width: 46rem; }
        .note { color: var(--muted); font-size: .875rem; }
        .origin { color: var(--muted); font-size: .8rem; letter-spacing: .06em; text-transform: uppercase;
          margin: 0 0 .25rem; }
        .verdict { border-left: 4px solid var(--sound); padding: .25rem 0 .25rem 1rem; font-size: 1.1rem;
          margin: 0 0 1.5rem; max-width: none; }
        .verdict.doubtful { border-color: var(--doubtful); }
        section { background: var(--paper); border: 1px solid var(--rule); border-radius: 10px;
          padding: 1.25rem 1.4rem; margin: 0 0 1.1rem; break-inside: avoid; }
        .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .75rem;
          margin: 0 0 1.1rem; }
        .tile { background: var(--paper); border: 1px solid var(--rule); border-radius: 10px; padding: .8rem 1rem; }
        .tile b { display: block; font-size: 1.65rem; font-weight: 650; line-height: 1.25; white-space: nowrap;
          font-variant-numeric: tabular-nums; }
        .tile span { display: block; color: var(--muted); font-size: .8rem; line-height: 1.35; }
        .pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 1.5rem;
          align-items: center; }
        figure { margin: 0; } figure svg { max-width: 100%; height: auto; display: block; margin: 0 auto; }
        .case { margin: 0 0 1.1rem; break-inside: avoid; } .case h3 { overflow-wrap: anywhere; }
        .strip { display: grid; grid-template-columns: repeat(5, 1fr); gap: .6rem; }
        .strip img { width: 100%; height: auto; display: block; border-radius: 4px; }
        figcaption { color: var(--muted); font-size: .75rem; line-height: 1.35; margin-top: .2rem; }
        section > :last-child { margin-bottom: 0; }
        .scroll + .note { margin-top: .8rem; }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
        th, td { text-align: left; padding: .4rem .9rem .4rem 0; border-bottom: 1px solid var(--rule);
          vertical-align: top; }
        thead th { color: var(--muted); font-weight: 500; font-size: .8rem; border-color: var(--muted); }
        tbody th { font-weight: 500; min-width: 9rem; } tr:last-child th, tr:last-child td { border-bottom: 0; }
        td.number, th.number { text-align: right; white-space: nowrap; }
        tr.rule th, tr.rule td { color: var(--muted); }
        tr.total th, tr.total td { font-weight: 650; border-top: 1px solid var(--muted); }
        .facts th { width: 15rem; color: var(--muted); } .facts td { overflow-wrap: anywhere; }
        footer { color: var(--muted); font-size: .8rem; margin-top: 1.5rem; }
        @media print {
          @page { margin: 14mm; }
          body { background: none; font-size: 10pt; line-height: 1.4; }
          .tiles { grid-template-columns: repeat(5, 1fr); gap: 2mm; } .tile { padding: 2mm 2.5mm; }
          .tile b { font-size: 15pt; } section { padding: 3.5mm 4mm; }
          .pair { grid-template-columns: 1fr 1fr; } main { padding: 0; max-width: none; }
          section, .tile { border-color: #ccc; }
          .cell, .area, .verdict { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
        }

        """
}
