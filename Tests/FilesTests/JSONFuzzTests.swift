import Files
import Foundation
import Fuzzing
import Testing

@Suite struct JSONFuzzTests {
    private static let seeds = [
        #"{"model_type":"gpt2","n_embd":8,"eps":1e-5,"flag":true,"nothing":null,"list":[1,[2,3],{"a":"b"}]}"#,
        #"{"\u0120the":0,"\ud83d\ude00":1,"é":2,"e\u0301":3,"a\"b":4,"c\\":5,"f":6,"g":7,"h":8,"i":9}"#,
        "[\"\\b\\f\\n\\r\\t\\/\\\"\\\\\", -0.5, 12e+3, 0, [], {}, \"日本語😀\"]",
    ]

    /// Most of the mutants are changed tree by tree and stay JSON, but for keys that occur twice; the others are damaged
    /// blindly. A text has no header: past it is what is accepted.
    @Test func survivesMutants() throws {
        let seeds = Self.seeds.map { [UInt8]($0.utf8) }
        let trees = seeds.map { JSONTree($0) }
        let memory = try #require(GuardedBytes(capacity: 1 << 16))
        let run = FuzzRun.run("JSON", smoke: 6000) { generator in
            let index = generator.below(seeds.count)
            let text = generator.chance(60) ? trees[index].mutant(&generator) : generator.mutate(seeds[index])
            return memory.with(text) { bytes in
                do throws(InputError) {
                    check(try JSON.parse(bytes, in: "mutant"))
                    return .accepted
                } catch {
                    #expect(error.kind == .data && error.place == "mutant" && error.problem.contains("at byte"))
                    return .stoppedAtHeader
                }
            }
        }
        #expect(run.pastHeader * 2 > run.cases)
    }

    /// What was accepted holds well-formed text and finds each of its keys.
    private func check(_ json: JSON) {
        switch json {
        case .string(let string):
            #expect(String(validating: string.bytes, as: UTF8.self) != nil)
        case .array(let values):
            values.forEach(check)
        case .object(let object):
            for member in object.members {
                #expect(object[member.key] == member.value)
                check(member.value)
            }
        default: break
        }
    }
}
