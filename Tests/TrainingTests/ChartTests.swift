import Foundation
import Runtime
import Testing
import Training

#if canImport(FoundationXML)
    import FoundationXML
#endif

@Suite struct ChartTests {
    // MARK: Axes

    private func labels(
        _ values: ClosedRange<Double>, _ scale: ChartScale = .linear, ticks: Int = 5, isRounded: Bool = true
    ) -> [String] {
        ChartAxis(values, scale: scale, maximumTicks: ticks, isRounded: isRounded).ticks.map(\.label)
    }

    @Test func ticksAreRound() {
        #expect(labels(1.31...4.27) == ["1", "2", "3", "4", "5"])
        #expect(labels(1.883...1.912) == ["1.88", "1.89", "1.9", "1.91", "1.92"].map { $0 == "1.9" ? "1.90" : $0 })
        #expect(labels(0...2000, isRounded: false) == ["0", "500", "1000", "1500", "2000"])
        #expect(labels(1...2000, isRounded: false) == ["500", "1000", "1500", "2000"])
        #expect(labels(0...60_000, isRounded: false) == ["0", "20k", "40k", "60k"])
        #expect(labels(0...1_500_000, isRounded: false) == ["0", "0.5M", "1.0M", "1.5M"])
        #expect(labels(0...1e-3) == ["0", "0.2e-3", "0.4e-3", "0.6e-3", "0.8e-3", "1.0e-3"])
        #expect(labels(0...6e-4) == ["0", "2e-4", "4e-4", "6e-4"])
        #expect(labels(-1...1) == ["-1.0", "-0.5", "0", "0.5", "1.0"])
    }

    @Test func logarithmicTicksAreRoundToo() {
        #expect(labels(0.02...150, .logarithmic, ticks: 6) == ["0.01", "0.1", "1", "10", "100", "1000"])
        #expect(labels(1e-6...1e-4, .logarithmic, isRounded: false) == ["1e-6", "3e-6", "1e-5", "3e-5", "1e-4"])
        #expect(labels(0.02...150, .logarithmic, ticks: 3) == ["0.01", "1", "100"])
        #expect(labels(2.2...8.5, .logarithmic, ticks: 8) == ["2", "3", "5", "10"])
    }

    /// There is no power of ten above the largest number, and none below the smallest.
    @Test(arguments: [
        Double.leastNonzeroMagnitude...(.leastNormalMagnitude / 1e12), .leastNormalMagnitude / 100...1e-300,
        1e300...1.7e308, 1e308...Double.greatestFiniteMagnitude,
    ])
    func axesEndWhereNumbersDo(_ values: ClosedRange<Double>) {
        #expect(ChartAxis(values, scale: .logarithmic, maximumTicks: 5, isRounded: true).ticks.count < 1000)
    }

    /// Whatever the numbers, an axis holds them, its ticks rise, and none is outside.
    @Test func axesHoldWhatTheyShow() {
        var generator = PhiloxGenerator(seed: 1)
        for round in 0..<3000 {
            // Every other time of any size that a double has.
            let magnitude = Double.random(in: round.isMultiple(of: 2) ? -30...30 : -744...709, using: &generator)
            let size = exp(magnitude)
            let low = Double.random(in: -1...1, using: &generator) * size
            let high = min(low + Double.random(in: 0...1, using: &generator) * size * 10, .greatestFiniteMagnitude)
            for scale in [ChartScale.linear, .logarithmic] {
                let low = scale == .logarithmic ? max(abs(low), .leastNonzeroMagnitude) : low
                let high = max(high, low)
                for isRounded in [false, true] {
                    let axis = ChartAxis(low...high, scale: scale, maximumTicks: 6, isRounded: isRounded)
                    let place = "\(scale) \(low)...\(high)"
                    #expect(axis.lower <= low && axis.upper >= high, "\(place)")
                    #expect(
                        axis.ticks.count <= 40
                            && zip(axis.ticks, axis.ticks.dropFirst()).allSatisfy { $0.value < $1.value }, "\(place)")
                    #expect(
                        axis.ticks.allSatisfy {
                            (axis.fraction($0.value) ?? -1) >= -1e-9 && (axis.fraction($0.value) ?? 2) <= 1 + 1e-9
                        }, "\(place)")
                }
            }
        }
    }

    /// The ends of what a double holds, together and alone, end in a picture.
    @Test func extremeNumbersHaveAPicture() throws {
        let greatest = Double.greatestFiniteMagnitude
        let ends: [Double] = [
            -greatest, -1, 0, .leastNonzeroMagnitude, .leastNormalMagnitude / 100, .leastNormalMagnitude, 1, 1.8e307,
            greatest,
        ]
        for low in ends {
            for high in ends where high >= low {
                for scale in [ChartScale.linear, .logarithmic] {
                    for isRounded in [false, true] {
                        let axis = ChartAxis(low...high, scale: scale, maximumTicks: 6, isRounded: isRounded)
                        let place = "\(low)...\(high), \(scale)"
                        #expect(axis.lower <= low && axis.upper >= high && axis.ticks.count <= 40, "\(place)")
                        #expect(axis.ticks.allSatisfy { axis.fraction($0.value)?.isFinite ?? false }, "\(place)")
                    }
                    let series = LineChart.Series("s", points: [(1, low), (2, high)])
                    let chart = LineChart(title: "t", xLabel: "", yLabel: "", series: [series], yScale: scale)
                    let map = HeatMap(
                        title: "t", xLabel: "", yLabel: "", values: [[low, high]], rowLabels: ["r"],
                        columnLabels: ["a", "b"], scale: scale)
                    for svg in [chart.svg, map.svg] {
                        #expect(!svg.contains("nan") && !svg.contains("inf"), "\(low)...\(high), \(scale)")
                        _ = try elements(svg)
                    }
                }
            }
        }
    }

    @Test func oneNumberHasAnAxis() throws {
        for value in [0.0, 3, -2, 1e-20] {
            let axis = ChartAxis(value...value, scale: .linear, maximumTicks: 5, isRounded: false)
            let middle = try #require(axis.fraction(value))
            #expect(axis.lower < value && axis.upper > value && abs(middle - 0.5) < 1e-9)
        }
        #expect(ChartAxis(1...10, scale: .logarithmic, maximumTicks: 5, isRounded: false).fraction(0) == nil)
        #expect(ChartAxis(1...10, scale: .linear, maximumTicks: 5, isRounded: false).fraction(.nan) == nil)
    }

    @Test func numbersAreShort() {
        let cases: [(Double, String)] = [
            (0, "0"), (3.14159, "3.142"), (-0.012345, "-0.01235"), (1e-3, "0.001"), (9.9999e-4, "1e-3"), (6e-4, "6e-4"),
            (1234.4, "1234"), (12345.6, "12,346"), (124_439_808, "124,439,808"), (0.5, "0.5"), (100, "100"),
            (.infinity, "inf"),
        ]
        for (value, text) in cases { #expect(NumberText.short(value) == text) }
        #expect(NumberText.fixed(-0.0001, 2) == "0.00" && NumberText.fixed(1.005e-1, 3) == "0.101")
    }

    // MARK: Curves

    /// Elements and attributes, as an XML parser finds them.
    private final class Elements: NSObject, XMLParserDelegate {
        var all: [(name: String, attributes: [String: String])] = []
        var texts: [String] = []
        private var text = ""

        init?(_ svg: String) {
            super.init()
            let parser = XMLParser(data: Data(svg.utf8))
            parser.delegate = self
            guard parser.parse() else { return nil }
        }

        func parser(
            _: XMLParser, didStartElement name: String, namespaceURI _: String?, qualifiedName _: String?,
            attributes: [String: String]
        ) {
            all.append((name, attributes))
            text = ""
        }

        func parser(_: XMLParser, foundCharacters characters: String) { text += characters }
        func parser(_: XMLParser, didEndElement name: String, namespaceURI _: String?, qualifiedName _: String?) {
            if name == "text" { texts.append(text) }
        }

        func points(_ index: Int) -> [(x: Double, y: Double)] {
            let lines = all.filter { $0.name == "polyline" }
            guard lines.indices.contains(index) else { return [] }
            return (lines[index].attributes["points"] ?? "").split(separator: " ").map { pair in
                let numbers = pair.split(separator: ",").compactMap { Double($0) }
                return (numbers[0], numbers[1])
            }
        }
    }

    private func elements(_ svg: String) throws -> Elements { try #require(Elements(svg), "not well-formed: \(svg)") }

    @Test func curvesRunWhereTheirNumbersAre() throws {
        let chart = LineChart(
            title: "A & <B> \"C\"", xLabel: "step", yLabel: "loss",
            series: [.init("one", points: [(0, 4), (50, 3), (100, 2)]), .init("two", points: [(0, 1), (100, 1)])])
        let found = try elements(chart.svg)
        let one = found.points(0)
        #expect(one.count == 3 && abs(one[1].x - (one[0].x + one[2].x) / 2) < 0.02)
        // Upwards is less in SVG.
        #expect(one[0].y < one[1].y && abs(one[1].y - (one[0].y + one[2].y) / 2) < 0.02)
        #expect(found.texts.contains("A & <B> \"C\""))
        for label in ["one", "two", "step", "loss", "0", "20", "100", "1", "2", "3", "4"] {
            #expect(found.texts.contains(label), "\(label)")
        }
    }

    @Test func gapsInterruptTheLine() throws {
        let points: [(x: Double, y: Double)] = [(1, 1), (2, 2), (3, .nan), (4, 2), (5, 1), (6, .infinity), (7, 1)]
        let found = try elements(LineChart(title: "", xLabel: "", yLabel: "", series: [.init("a", points: points)]).svg)
        #expect(found.points(0).count == 2 && found.points(1).count == 2 && found.points(2).isEmpty)
        // A point by itself is a dot.
        #expect(found.all.count { $0.name == "circle" } == 1)
    }

    @Test func nothingIsShownAsNothing() throws {
        for points: [(x: Double, y: Double)] in [[], [(1, .nan)]] {
            let chart = LineChart(title: "t", xLabel: "", yLabel: "", series: [.init("a", points: points)])
            #expect(try elements(chart.svg).texts.contains("nothing to show yet"))
        }
        let logarithmic = LineChart(
            title: "t", xLabel: "", yLabel: "", series: [.init("a", points: [(1, 0), (2, -3)])], yScale: .logarithmic)
        #expect(try elements(logarithmic.svg).texts.contains("nothing to show yet"))
    }

    /// A million points become some thousand, and the extremes stay where they are.
    @Test func longCurvesAreThinnedOutWithoutLosingTheirPeaks() throws {
        var points = (0..<1_000_000).map { (x: Double($0), y: sin(Double($0) / 1e5)) }
        points[123_456].y = 7
        points[765_432].y = -5
        let chart = LineChart(title: "t", xLabel: "", yLabel: "", series: [.init("a", points: points)])
        let drawn = try elements(chart.svg).points(0)
        #expect(drawn.count < 4000 && drawn.count > 1000)
        #expect(chart.svg.utf8.count < 100_000)
        let (top, bottom) = (try #require(drawn.min { $0.y < $1.y }), try #require(drawn.max { $0.y < $1.y }))
        let (first, last) = (drawn[0].x, drawn[drawn.count - 1].x)
        #expect(abs((top.x - first) / (last - first) - 0.123456) < 0.002)
        #expect(abs((bottom.x - first) / (last - first) - 0.765432) < 0.002)
    }

    @Test func smoothingKeepsStraightLinesStraight() {
        let points = (0..<600).map { (x: Double($0), y: 2 * Double($0)) }
        let smooth = RunReport.smoothed(points)
        #expect(smooth.count == 600)
        #expect(zip(points, smooth).dropFirst(10).dropLast(10).allSatisfy { abs($0.y - $1.y) < 1e-9 && $0.x == $1.x })
        let long = RunReport.smoothed(
            (0..<100_001).map { (x: Double($0), y: $0 == 50_000 ? 1e9 : 1) }, middle: RunReport.median)
        #expect(long.count < 500 && long.last?.x == 100_000 && long.allSatisfy { $0.y == 1 })
    }

    // MARK: Heat maps

    @Test func cellsHaveTheColoursOfTheirNumbers() throws {
        let map = HeatMap(
            title: "t", xLabel: "step", yLabel: "layer", values: [[0, 0.5, 1], [nil, .nan, 0]], rowLabels: ["a", "b"],
            columnLabels: ["1", "2", "3"])
        let found = try elements(map.svg)
        let cells = found.all.filter { $0.name == "rect" }.prefix(4).compactMap { $0.attributes["style"] }
        #expect(cells == ["fill:#440154", "fill:#21908d", "fill:#fde725", "fill:#440154"])
        for label in ["a", "b", "1", "3", "step", "layer", "0", "1.0"] {
            #expect(found.texts.contains(label), "\(label)")
        }
    }

    @Test func divergingColoursAreNeutralAtZero() throws {
        let map = HeatMap(
            title: "t", xLabel: "", yLabel: "", values: [[-2, 0, 1]], rowLabels: ["a"], columnLabels: [],
            colors: .diverging)
        let cells = try elements(map.svg).all.filter { $0.name == "rect" }.compactMap { $0.attributes["style"] }
        #expect(cells[0] == "fill:#2166ac" && cells[1] == "fill:#e6e6e6")
    }

    @Test func manyColumnsAreJoined() throws {
        let values = (0..<4).map { row in (0..<2000).map { Optional(Double($0 * row)) } }
        let map = HeatMap(
            title: "t", xLabel: "", yLabel: "", values: values, rowLabels: [], columnLabels: (0..<2000).map { "\($0)" })
        #expect(map.svg.utf8.count < 400_000)
        let empty = HeatMap(title: "t", xLabel: "", yLabel: "", values: [], rowLabels: [], columnLabels: [])
        #expect(try elements(empty.svg).texts.contains("nothing to show yet"))
    }
}
