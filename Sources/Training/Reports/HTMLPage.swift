/// A page in one file: nothing is loaded from anywhere, so it can be sent and kept.
public struct HTMLPage: Sendable {
    public var title: String
    /// HTML.
    private var body = ""

    public init(title: String) {
        self.title = title
    }

    public mutating func heading(_ text: String) { body += "<h2>\(text.escapedForHTML)</h2>\n" }

    public mutating func paragraph(_ text: String) { body += "<p>\(text.escapedForHTML)</p>\n" }

    /// Adds pictures side by side, or below each other where the window is narrow.
    public mutating func pictures(_ svgs: [String]) {
        body += "<div class=\"pictures\">\n" + svgs.map { "<figure>\($0)</figure>\n" }.joined() + "</div>\n"
    }

    /// Adds a few numbers in large type.
    public mutating func figures(_ figures: [(name: String, value: String)]) {
        let items = figures.map { name, value in
            "<div><dt>\(name.escapedForHTML)</dt><dd>\(value.escapedForHTML)</dd></div>\n"
        }
        body += "<dl class=\"figures\">\n\(items.joined())</dl>\n"
    }

    /// Adds a table of two columns.
    public mutating func table(_ rows: [(name: String, value: String)]) {
        let items = rows.map { name, value in
            "<tr><th scope=\"row\">\(name.escapedForHTML)</th><td>\(value.escapedForHTML)</td></tr>\n"
        }
        body += "<table>\n\(items.joined())</table>\n"
    }

    /// Adds a text as it is, line breaks and all, that opens under its heading.
    public mutating func text(_ text: String, under heading: String, isOpen: Bool) {
        body += """
            <details\(isOpen ? " open" : "")><summary>\(heading.escapedForHTML)</summary>
            <pre>\(text.escapedForHTML)</pre></details>

            """
    }

    /// The file's content.
    public var html: String {
        let series = ChartColor.categories.enumerated()
        let light = series.map { "--series-\($0.offset):\($0.element.light);" }.joined()
        let dark = series.map { "--series-\($0.offset):\($0.element.dark);" }.joined()
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(title.escapedForHTML)</title>
            <style>
            :root { color-scheme: light dark; --paper:#ffffff; --ink:#1c1c1c; --muted:#5c5c5c; --grid:#e4e4e4; \(light) }
            @media (prefers-color-scheme: dark) {
            :root { --paper:#16181c; --ink:#ececec; --muted:#a6a9ae; --grid:#31343a; \(dark) }
            }
            body { background:var(--paper); color:var(--ink); font:15px/1.5 system-ui,sans-serif; margin:2rem auto; \
            max-width:94rem; padding:0 1.25rem; }
            h1 { font-size:1.5rem; } h2 { font-size:1.1rem; margin-top:2rem; }
            .pictures { display:grid; gap:1.25rem; grid-template-columns:repeat(auto-fit,minmax(min(34rem,100%),1fr)); }
            figure { margin:0; }
            .figures { display:flex; flex-wrap:wrap; gap:.75rem 2.5rem; margin:1rem 0; }
            .figures dt { color:var(--muted); font-size:.8rem; }
            .figures dd { font-size:1.35rem; font-variant-numeric:tabular-nums; margin:0; }
            table { border-collapse:collapse; columns:auto; font-size:.9rem; }
            th { font-weight:400; text-align:left; color:var(--muted); padding:.15rem 2rem .15rem 0; }
            td { font-variant-numeric:tabular-nums; overflow-wrap:anywhere; }
            tr { border-bottom:1px solid var(--grid); }
            pre { white-space:pre-wrap; overflow-wrap:anywhere; border-left:3px solid var(--grid); margin:.5rem 0 1rem; \
            padding:.1rem 0 .1rem 1rem; font:13px/1.5 ui-monospace,monospace; max-width:72rem; }
            summary { cursor:pointer; color:var(--muted); }
            </style>
            </head>
            <body>
            <h1>\(title.escapedForHTML)</h1>
            \(body)</body>
            </html>

            """
    }
}
