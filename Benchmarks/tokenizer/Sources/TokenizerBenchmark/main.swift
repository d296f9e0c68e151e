// Our side of compare.py and agree.py, which start this program, write one command a line and read one answer a line.
//
//     load DIRECTORY          seconds
//     encode FILE             seconds and the number of tokens
//     threads N FILE          the same, encoded by N threads at once
//     decode FILE             seconds to decode what FILE becomes, and the number of bytes
//     tokens IN OUT           IN: texts, each after its length; OUT: tokens, after their count. UInt32, little-endian.
//     special IN OUT          the same with special tokens allowed

import Foundation
import Tokenizers

/// Standard output through a pipe is buffered; the other side waits for the line.
func answer(_ line: String) {
    FileHandle.standardOutput.write(Data("\(line)\n".utf8))
}

func seconds(_ work: () -> Void) -> Double {
    let clock = ContinuousClock()
    return clock.measure(work) / .seconds(1)
}

func read(_ path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
}

func append(_ number: Int, to data: inout Data) {
    withUnsafeBytes(of: UInt32(number).littleEndian) { data.append(contentsOf: $0) }
}

func encodeRecords(_ tokenizer: Tokenizer, from input: String, to output: String, allowSpecial: Bool) throws {
    let records = try read(input)
    var result = Data()
    var position = 0
    while position < records.count {
        let length = records[position..<position + 4].reversed().reduce(0) { $0 << 8 | Int($1) }
        let text = records[(position + 4)..<(position + 4 + length)]
        let tokens = tokenizer.encode(utf8: text, allowSpecial: allowSpecial)
        guard try tokenizer.decode(tokens).elementsEqual(text) else {
            answer("the text at byte \(position) does not come back")
            return
        }
        append(tokens.count, to: &result)
        for token in tokens { append(token, to: &result) }
        position += 4 + length
    }
    try result.write(to: URL(fileURLWithPath: output))
}

var tokenizer: Tokenizer?
while let line = readLine() {
    let words = line.split(separator: " ").map(String.init)
    switch (words.first, tokenizer) {
    case ("load", _):
        let start = ContinuousClock.now
        tokenizer = try Tokenizer(directory: words[1])
        answer("\((ContinuousClock.now - start) / .seconds(1))")
    case ("encode", let tokenizer?):
        let text = try read(words[1])
        var count = 0
        let time = seconds { count = tokenizer.encode(utf8: text).count }
        answer("\(time) \(count)")
    case ("threads", let tokenizer?):
        let text = try read(words[2])
        let count = Int(words[1]) ?? 1
        let time = seconds {
            DispatchQueue.concurrentPerform(iterations: count) { _ in _ = tokenizer.encode(utf8: text) }
        }
        answer("\(time) \(count * tokenizer.encode(utf8: text).count)")
    case ("decode", let tokenizer?):
        let tokens = tokenizer.encode(utf8: try read(words[1]))
        var count = 0
        let time = seconds { count = (try? tokenizer.decode(tokens).count) ?? 0 }
        answer("\(time) \(count)")
    case ("tokens", let tokenizer?), ("special", let tokenizer?):
        try encodeRecords(tokenizer, from: words[1], to: words[2], allowSpecial: words[0] == "special")
        answer("done")
    default:
        answer("unknown command, or no tokenizer loaded: \(line)")
    }
}
