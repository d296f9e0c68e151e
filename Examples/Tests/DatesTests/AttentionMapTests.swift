import Foundation
import Tensors
import Testing
import dates

#if canImport(FoundationXML)
    import FoundationXML
#endif

@Suite("The picture of the attention")
struct AttentionMapTests {
    private let pair = TranslationPair("May 3, 1999", "1999-05-03")

    @Test("a row for each character written and the end, each with all of the attention") func rows() throws {
        let map = try Translator(seed: 1).attentionMap(pair, ForwardContext())
        #expect(map.translation == Array("1999-05-03").map(Optional.some) + [nil])
        #expect(map.weights.count == 11)
        for row in map.weights {
            #expect(row.count == 11 && abs(row.reduce(0, +) - 1) < 1e-5)
        }
    }

    @Test("the text is darkest where the attention is greatest") func text() {
        let map = AttentionMap(
            phrase: ["a", "b", "c"], translation: ["1", nil], weights: [[0, 0.2, 0.8], [1, 0, 0]])
        #expect(map.text == "    abc\n  1  ░█\n  ⏎ █")
    }

    @Test("the picture is well-formed, with a square for each weight that can be seen") func svg() {
        let map = AttentionMap(
            phrase: ["<", "b", " "], translation: ["1", nil], weights: [[0, 0.25, 0.75], [1, 0, 0.001]])
        let parser = XMLParser(data: Data(map.svg.utf8))
        let counter = Counter()
        parser.delegate = counter
        #expect(parser.parse())
        #expect(counter.opacities == ["0.25", "0.75", "1.00"])
        #expect(counter.letters == ["<", "b", "1", "⏎"])
    }
}

private final class Counter: NSObject, XMLParserDelegate {
    private(set) var opacities: [String] = []
    private(set) var letters: [String] = []
    private var isText = false

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String] = [:]
    ) {
        isText = name == "text"
        if let opacity = attributes["fill-opacity"] { opacities.append(opacity) }
    }

    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
        isText = false
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) {
        if isText { letters.append(string) }
    }
}
