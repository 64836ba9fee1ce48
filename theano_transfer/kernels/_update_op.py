"""The Op that computes the new values of a parameter, and of what its rule remembers."""

from aesara.graph.basic import Apply
from aesara.link.c.op import OpenMPOp
from aesara.scalar.basic import Composite, get_scalar_type
from aesara.tensor.elemwise import Elemwise


class UpdateRule(Composite):
    """Scalar expressions whose results may lie where their operands are."""

    def c_code(self, node, name, inputs, outputs, sub):
        # Everything is read before anything is written.
        read = [f"{name}_in{i}" for i in range(len(inputs))]
        written = [f"{name}_out{i}" for i in range(len(outputs))]
        types = [v.type.dtype_specs()[1] for v in (*node.inputs, *node.outputs)]
        lines = [f"{t} {v} = {given};" for t, v, given in zip(types, read, inputs)]
        lines += [f"{t} {v};" for t, v in zip(types[len(read) :], written)]
        lines.append(super().c_code(node, name, read, written, sub))
        lines += [f"{target} = {v};" for target, v in zip(outputs, written)]
        return "{" + "\n".join(lines) + "}"

    def c_code_cache_version_outer(self):
        return (*super().c_code_cache_version_outer(), 1)


_SAME_SHAPE = """
if (!PyArray_SAMESHAPE({name}, {like})) {{
    PyErr_SetString(PyExc_ValueError,
        "a parameter, its gradient and what its rule remembers have not the same shape");
    {fail}
}}"""
_LINE = "line{i} = PyArray_GETCONTIGUOUS({name});"
# Of an array that is no line, or must not be written, a copy becomes the result.
_LINE_TO_WRITE = """
line{i} = PyArray_ISCARRAY({name}) ? PyArray_GETCONTIGUOUS({name})
                                   : (PyArrayObject*)PyArray_NewCopy({name}, NPY_CORDER);"""
_RESULT = """
if ({name} == NULL || !PyArray_ISCARRAY({name}) || !PyArray_SAMESHAPE({name}, {like})) {{
    Py_XDECREF({name});
    {name} = (PyArrayObject*)PyArray_SimpleNew(
        PyArray_NDIM({like}), PyArray_DIMS({like}), {number});
}}"""
_LOOP = """
    #pragma omp parallel for simd if (count > 20000)
    for (npy_intp k = 0; k < count; ++k) {body}
}}"""


class FusedUpdate(Elemwise):
    """An elementwise Op that computes new values of shared variables, on all cores.

    Its C code takes arrays as lines of numbers. It is the same for any number of axes, so that
    all parameters of a network share one module; Elemwise's takes a second to compile for each.
    """

    def __init__(self, scalar_op, inplace_pattern=None, name=None, nfunc_spec=None, openmp=None):
        # Otherwise Aesara finds out in every process whether the compiler that builds our
        # library with OpenMP knows it.
        OpenMPOp.gxx_support_openmp = True
        super().__init__(scalar_op, inplace_pattern, name, nfunc_spec, openmp=True)

    def c_code(self, node, nodename, inames, onames, sub):
        pattern = node.outputs[0].type.broadcastable
        shaped = [v.type.broadcastable == pattern for v in node.inputs]
        repeated = [not s and not all(v.type.broadcastable) for s, v in zip(shaped, node.inputs)]
        if not any(shaped) or any(repeated) or any(v.dtype == "float16" for v in node.inputs):
            return super().c_code(node, nodename, inames, onames, sub)
        rule = Apply(
            self.scalar_op,
            [get_scalar_type(v.dtype).make_variable() for v in node.inputs],
            [get_scalar_type(v.dtype).make_variable() for v in node.outputs],
        )
        like, fail = inames[shaped.index(True)], sub["fail"]
        release = " ".join(f"Py_XDECREF(line{i});" for i in range(len(inames)))
        lines = [f"PyArrayObject* line{i} = NULL;" for i in range(len(inames))]
        for name, has_shape in zip(inames, shaped):
            if has_shape:
                lines.append(_SAME_SHAPE.format(name=name, like=like, fail=fail))
        overwritten = set(self.inplace_pattern.values())
        for i, name in enumerate(inames):
            template = _LINE_TO_WRITE if i in overwritten else _LINE
            lines.append(template.format(i=i, name=name))
            lines.append(f"if (line{i} == NULL) {{ {release} {fail} }}")
        for j, (v, name) in enumerate(zip(node.outputs, onames)):
            if j in self.inplace_pattern:
                i = self.inplace_pattern[j]
                lines.append(f"Py_XDECREF({name}); {name} = line{i}; Py_INCREF({name});")
            else:
                number = v.type.dtype_specs()[2]
                lines.append(_RESULT.format(name=name, like=like, number=number))
                lines.append(f"if ({name} == NULL) {{ {release} {fail} }}")
        lines.append(f"{{ const npy_intp count = PyArray_SIZE({like});")
        for i, v in enumerate(node.inputs):
            t = v.type.dtype_specs()[1]
            lines.append(f"const {t}* const in{i} = (const {t}*)PyArray_DATA(line{i});")
        for j, (v, name) in enumerate(zip(node.outputs, onames)):
            t = v.type.dtype_specs()[1]
            lines.append(f"{t}* const out{j} = ({t}*)PyArray_DATA({name});")
        read = [f"in{i}[{'k' if has_shape else '0'}]" for i, has_shape in enumerate(shaped)]
        written = [f"out{j}[k]" for j in range(len(onames))]
        body = self.scalar_op.c_code(rule, f"{nodename}_rule", read, written, {"fail": ""})
        lines.append(_LOOP.format(body=body))
        return "\n".join([*lines, release])

    def c_code_cache_version_apply(self, node):
        return (*super().c_code_cache_version_apply(node), "lines", 1)
