"""ONNX Runtime and OpenVINO, which read the same ONNX network; both do inference only."""

from __future__ import annotations

from benchmarks import architectures
from benchmarks.contestants import Contestant, UnavailableError
from benchmarks.tasks import Task

# The oldest that both read and that knows all Ops used here.
OPSET, IR_VERSION = 13, 8


def network(model: str, batch: int) -> bytes:
    """The base of `model` as a serialised ONNX file for batches of one size."""
    import onnx
    from onnx import helper, numpy_helper

    table = architectures.nodes(model)
    values = architectures.parameters(table)
    steps = [_step(helper, node, values) for node in table[1:]]
    sides = {node.name: (batch, node.channels, node.size, node.size) for node in table}
    first, last = table[0].name, table[-1].name
    graph = helper.make_graph(
        steps,
        model,
        [helper.make_tensor_value_info(first, onnx.TensorProto.FLOAT, sides[first])],
        [helper.make_tensor_value_info(last, onnx.TensorProto.FLOAT, sides[last])],
        [numpy_helper.from_array(value, name) for name, value in values.items()],
    )
    whole = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    whole.ir_version = IR_VERSION
    onnx.checker.check_model(whole)
    return whole.SerializeToString()


def _step(helper, node, values):
    """One node; clipping takes its bounds from constants that are entered beside the weights."""
    import numpy as np

    geometry = {
        "kernel_shape": [node.kernel] * 2,
        "strides": [node.stride] * 2,
        "pads": [node.pads[0]] * 2 + [node.pads[1]] * 2,
    }
    inputs = list(node.inputs)
    if node.op == "conv":
        inputs += [f"{node.name}.{role}" for role in "Wb"[: 1 + node.bias]]
        return helper.make_node("Conv", inputs, [node.name], group=node.groups, **geometry)
    if node.op == "bn":
        inputs += [f"{node.name}.{role}" for role in ("gamma", "beta", "mean", "var")]
        return helper.make_node("BatchNormalization", inputs, [node.name], epsilon=node.epsilon)
    if node.op == "max_pool":
        return helper.make_node("MaxPool", inputs, [node.name], **geometry)
    if node.op == "relu6":
        values["zero"], values["six"] = np.float32(0).reshape(()), np.float32(6).reshape(())
        return helper.make_node("Clip", [*inputs, "zero", "six"], [node.name])
    return helper.make_node({"relu": "Relu", "add": "Add"}[node.op], inputs, [node.name])


class OnnxRuntime(Contestant):
    """ONNX Runtime's CPU provider, all graph optimisations on (its default)."""

    def versions(self):
        import onnxruntime

        return {"onnxruntime": onnxruntime.__version__}

    def prepare(self, task: Task) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            network(task.model, task.batch), options, providers=["CPUExecutionProvider"]
        )
        self._pictures, _ = architectures.batch_of(task.batch)

    def step(self):
        return self._session.run(None, {"input": self._pictures})[0]


class OpenVino(Contestant):
    """OpenVINO's CPU plugin, for latency; bfloat16 by its own hint."""

    def versions(self):
        import openvino

        return {"openvino": openvino.__version__}

    def prepare(self, task: Task) -> None:
        import openvino

        core = openvino.Core()
        settings = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": self.threads,
            "INFERENCE_PRECISION_HINT": "bf16" if task.kind == "bfloat16" else "f32",
        }
        model = core.read_model(network(task.model, task.batch))
        compiled = core.compile_model(model, "CPU", settings)
        if task.kind == "bfloat16" and "BF16" not in core.get_property(
            "CPU", "OPTIMIZATION_CAPABILITIES"
        ):
            raise UnavailableError("this processor has no bfloat16 instructions")
        self._request = compiled.create_infer_request()
        self._pictures, _ = architectures.batch_of(task.batch)

    def step(self):
        self._request.infer({0: self._pictures}, share_inputs=True)
        return self._request.get_output_tensor().data
