import protobuf from "protobufjs";

/**
 * The part of ONNX's published protobuf schema (onnx/onnx.proto, IR version 10) that tensor programs use: messages, and
 * fields with their numbers.
 */
const scalar = (id: number, type: string) => ({ id, type });
const list = (id: number, type: string) => ({ id, type, rule: "repeated" as const });

const root = protobuf.Root.fromJSON({
  nested: {
    AttributeProto: {
      fields: {
        name: scalar(1, "string"),
        f: scalar(2, "float"),
        i: scalar(3, "int64"),
        s: scalar(4, "bytes"),
        t: scalar(5, "TensorProto"),
        ints: list(8, "int64"),
        type: scalar(20, "int32"),
      },
    },
    NodeProto: {
      fields: {
        input: list(1, "string"),
        output: list(2, "string"),
        name: scalar(3, "string"),
        opType: scalar(4, "string"),
        attribute: list(5, "AttributeProto"),
        domain: scalar(7, "string"),
      },
    },
    StringStringEntryProto: { fields: { key: scalar(1, "string"), value: scalar(2, "string") } },
    TensorProto: {
      fields: {
        dims: list(1, "int64"),
        dataType: scalar(2, "int32"),
        name: scalar(8, "string"),
        rawData: scalar(9, "bytes"),
        externalData: list(13, "StringStringEntryProto"),
        dataLocation: scalar(14, "int32"),
      },
    },
    Dimension: { fields: { dimValue: scalar(1, "int64"), dimParam: scalar(2, "string") } },
    TensorShapeProto: { fields: { dim: list(1, "Dimension") } },
    TensorTypeProto: { fields: { elemType: scalar(1, "int32"), shape: scalar(2, "TensorShapeProto") } },
    TypeProto: { fields: { tensorType: scalar(1, "TensorTypeProto") } },
    ValueInfoProto: { fields: { name: scalar(1, "string"), type: scalar(2, "TypeProto") } },
    GraphProto: {
      fields: {
        node: list(1, "NodeProto"),
        name: scalar(2, "string"),
        initializer: list(5, "TensorProto"),
        input: list(11, "ValueInfoProto"),
        output: list(12, "ValueInfoProto"),
      },
    },
    OperatorSetIdProto: { fields: { domain: scalar(1, "string"), version: scalar(2, "int64") } },
    ModelProto: {
      fields: {
        irVersion: scalar(1, "int64"),
        producerName: scalar(2, "string"),
        graph: scalar(7, "GraphProto"),
        opsetImport: list(8, "OperatorSetIdProto"),
      },
    },
  },
});

/** AttributeProto.AttributeType */
export const ATTRIBUTE_TYPE = { float: 1, int: 2, string: 3, tensor: 4, ints: 7 } as const;
/** TensorProto.DataLocation.EXTERNAL */
export const EXTERNAL = 1;

const modelProto = root.lookupType("ModelProto");

/** A ModelProto as bytes. */
export function encodeModel(model: Record<string, unknown>): Uint8Array {
  return modelProto.encode(modelProto.create(model)).finish();
}
