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
        types = {v: v.type.dtype_specs() for v in (*node.inputs, *node.outputs)}
        like = inames[shaped.index(True)]
        fail, lines = sub["fail"], []
        lines += [f"PyArrayObject* line{i} = NULL;" for i in range(len(inames))]
        for i, name in enumerate(inames):
            if shaped[i]:
                lines.append(f"""
                if (!PyArray_SAMESHAPE({name}, {like})) {{
                    PyErr_SetString(PyExc_ValueError,
                        "a parameter, its gradient and what its rule remembers have not the same "
                        "shape");
                    {fail}
                }}""")
        release = "\n".join(f"Py_XDECREF(line{i});" for i in range(len(inames)))
        overwritten = set(self.inplace_pattern.values())
        for i, name in enumerate(inames):
            line = f"PyArray_GETCONTIGUOUS({name})"
            if i in overwritten:
                line = (
                    f"PyArray_ISCARRAY({name}) ? {line}"
                    f" : (PyArrayObject*)PyArray_NewCopy({name}, NPY_CORDER)"
                )
            lines.append(f"line{i} = {line}; if (line{i} == NULL) {{ {release} {fail} }}")
        for j, name in enumerate(onames):
            if j in self.inplace_pattern:
                i = self.inplace_pattern[j]
                # Of an array that is no line, or must not be written, a copy becomes the result.
                lines.append(f"Py_XDECREF({name}); {name} = line{i}; Py_INCREF({name});")
            else:
                number = types[node.outputs[j]][2]
                lines.append(f"""
                if ({name} == NULL || !PyArray_ISCARRAY({name})
                        || !PyArray_SAMESHAPE({name}, {like})) {{
                    Py_XDECREF({name});
                    {name} = (PyArrayObject*)PyArray_SimpleNew(
                        PyArray_NDIM({like}), PyArray_DIMS({like}), {number});
                    if ({name} == NULL) {{ {release} {fail} }}
                }}""")
        read = [f"in{i}[{'k' if s else '0'}]" for i, s in enumerate(shaped)]
        written = [f"out{j}[k]" for j in range(len(onames))]
        lines.append(f"{{ const npy_intp count = PyArray_SIZE({like});")
        for i, v in enumerate(node.inputs):
            t = types[v][1]
            lines.append(f"const {t}* const in{i} = (const {t}*)PyArray_DATA(line{i});")
        for j, (v, name) in enumerate(zip(node.outputs, onames)):
            t = types[v][1]
            lines.append(f"{t}* const out{j} = ({t}*)PyArray_DATA({name});")
        body = self.scalar_op.c_code(rule, f"{nodename}_rule", read, written, {"fail": ""})
        lines.append(f"""
            #pragma omp parallel for simd if (count > 20000)
            for (npy_intp k = 0; k < count; ++k) {body}
        }}
        {release}""")
        return "\n".join(lines)

    def c_code_cache_version_apply(self, node):
        return (*super().c_code_cache_version_apply(node), "lines", 1)
