import Foundation
import Tensors
import Testing

/// docs/operations.md says how each operation is checked, and is right about it.
@Suite("docs/operations.md") struct OperationTableTests {
    private struct Row {
        let operation: String
        let cells: [String]
    }

    private func rows() throws -> [Row] {
        let package = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(contentsOf: package.appendingPathComponent("docs/operations.md"), encoding: .utf8)
        return text.split(separator: "\n").filter { $0.hasPrefix("| `") }.map { line in
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            return Row(operation: cells[0].trimmingCharacters(in: ["`"]), cells: cells)
        }
    }

    @Test func everyOperationHasARowAndEveryRowAnOperation() throws {
        let rows = try rows().map(\.operation)
        #expect(rows == Tensors.Operation.allCases.map(\.rawValue))
    }

    @Test(arguments: Tensors.Operation.allCases) func everyOperationIsChecked(_ operation: Tensors.Operation) throws {
        let cases = OperationCase.all.filter { $0.operation == operation }
        #expect(!cases.isEmpty, "\(operation.rawValue) has no case with a twin")
        let row = try #require(try rows().first { $0.operation == operation.rawValue }, "no row in the table")
        try #require(row.cells.count == 5)
        #expect(row.cells[2].contains("Reference."), "which twin?")
        #expect(row.cells[3] == "\(cases.count)", "cases with finite differences")
        let fromPyTorch = try OperationReference.all().keys.count {
            $0 == operation.rawValue || $0.hasPrefix(operation.rawValue + ": ")
        }
        #expect(row.cells[4] == "\(fromPyTorch)", "cases in operations.json")
    }

    @Test func namesOfCasesAreTheirOwn() throws {
        #expect(Set(OperationCase.all.map(\.name)).count == OperationCase.all.count)
        #expect(try Set(OperationReference.all().keys) == Set(OperationCase.all.map(\.name)))
    }
}
