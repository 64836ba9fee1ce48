// NumPy arrays as oneDNN memory.
//
// Tensors are logically (batch, channel, row, column). Physically they may have any strides;
// kernels are fastest here when the channels of a pixel lie side by side ("channels last", nhwc),
// so results are handed on that way, and read without a copy when they come that way.
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#define NPY_NO_DEPRECATED_API NPY_1_7_API_VERSION
#define PY_ARRAY_UNIQUE_SYMBOL theano_transfer_kernels_numpy
#ifndef OWNS_NUMPY_TABLE
#define NO_IMPORT_ARRAY
#endif
#include <numpy/arrayobject.h>

#include <algorithm>
#include <cstring>
#include <dnnl.hpp>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include "blocks.h"
#include "simd.h"

namespace tt {

using dims = dnnl::memory::dims;
using desc = dnnl::memory::desc;
using tag = dnnl::memory::format_tag;
constexpr auto f32 = dnnl::memory::data_type::f32;

inline dnnl::engine& engine() {
    static dnnl::engine instance(dnnl::engine::kind::cpu, 0);
    return instance;
}

// One stream per thread: compiled functions may run side by side, the lock being released.
inline dnnl::stream& stream() {
    static thread_local dnnl::stream instance(engine());
    return instance;
}

// Releases Python's lock for its lifetime, so that pictures are decoded meanwhile.
struct WithoutLock {
    PyThreadState* state = PyEval_SaveThread();
    WithoutLock() = default;
    WithoutLock(const WithoutLock&) = delete;
    ~WithoutLock() { PyEval_RestoreThread(state); }
};

struct WithLock {
    PyGILState_STATE state = PyGILState_Ensure();
    WithLock() = default;
    WithLock(const WithLock&) = delete;
    ~WithLock() { PyGILState_Release(state); }
};

inline dims shape_of(PyArrayObject* array) {
    return dims(PyArray_DIMS(array), PyArray_DIMS(array) + PyArray_NDIM(array));
}

inline bool is_empty(const dims& shape) {
    return std::find(shape.begin(), shape.end(), 0) != shape.end();
}

// Whether the axes of `array`, in the given order from outermost to innermost, lie densely.
// The stride of an axis of length 1 means nothing.
inline bool is_dense(PyArrayObject* array, const std::vector<int>& order) {
    npy_intp expected = PyArray_ITEMSIZE(array);
    for (auto axis = order.rbegin(); axis != order.rend(); ++axis) {
        if (PyArray_DIM(array, *axis) == 1) continue;
        if (PyArray_STRIDE(array, *axis) != expected) return false;
        expected *= PyArray_DIM(array, *axis);
    }
    return true;
}

inline bool is_channels_last(PyArrayObject* array) { return is_dense(array, {0, 2, 3, 1}); }
inline bool is_c_order(PyArrayObject* array) { return is_dense(array, {0, 1, 2, 3}); }

using data_type = dnnl::memory::data_type;

// bfloat16 travels through NumPy, which does not know it, as uint16.
inline data_type type_of(PyArrayObject* array) {
    return PyArray_TYPE(array) == NPY_UINT16 ? data_type::bf16 : f32;
}

// Calls `run` with a number of the C++ type that `type` is.
template <typename Run>
auto for_number(data_type type, Run run) {
    return type == f32 ? run(float()) : run(bfloat16());
}

inline desc channels_last(const dims& shape, data_type type = f32) {
    return desc(shape, type, tag::nhwc);
}

// A reference to an array of four axes that oneDNN can read in place: the array that was
// given where its strides allow it, otherwise a copy.
class Tensor {
  public:
    explicit Tensor(PyArrayObject* given) {
        if (is_readable(given)) {
            Py_INCREF(given);
            array_ = given;
        } else {
            array_ = (PyArrayObject*)PyArray_NewCopy(given, NPY_CORDER);
            if (array_ == nullptr) throw std::bad_alloc();
        }
    }
    ~Tensor() { Py_DECREF(array_); }
    Tensor(const Tensor&) = delete;

    dims shape() const { return shape_of(array_); }
    void* data() const { return PyArray_DATA(array_); }

    desc layout() const {
        const data_type type = type_of(array_);
        if (is_channels_last(array_)) return channels_last(shape(), type);
        if (is_c_order(array_)) return desc(shape(), type, tag::nchw);
        dims strides(4);
        for (int axis = 0; axis < 4; ++axis) strides[axis] = stride(array_, axis);
        return desc(shape(), type, strides);
    }

    // The array in the layout `wanted`: itself where it has it, otherwise a reordered copy.
    dnnl::memory in_layout(const desc& wanted) const {
        dnnl::memory source(layout(), engine(), data());
        if (source.get_desc() == wanted) return source;
        dnnl::memory target(wanted, engine());
        dnnl::reorder(source, target).execute(stream(), source, target);
        return target;
    }

  private:
    PyArrayObject* array_;

    static npy_intp stride(PyArrayObject* array, int axis) {
        // An axis of length 1 is given the stride of an outermost axis: never in the way.
        const npy_intp item = PyArray_ITEMSIZE(array);
        if (PyArray_DIM(array, axis) > 1) return PyArray_STRIDE(array, axis) / item;
        npy_intp extent = 1;
        for (int other = 0; other < 4; ++other)
            extent = std::max<npy_intp>(
                extent, PyArray_DIM(array, other) * PyArray_STRIDE(array, other) / item);
        return extent;
    }

    // oneDNN wants positive strides of whole elements that do not overlap.
    static bool is_readable(PyArrayObject* array) {
        if (!PyArray_ISALIGNED(array)) return false;
        std::vector<std::pair<npy_intp, npy_intp>> axes;  // (stride, length)
        const npy_intp item = PyArray_ITEMSIZE(array);
        for (int axis = 0; axis < 4; ++axis) {
            if (PyArray_DIM(array, axis) == 1) continue;
            const npy_intp bytes = PyArray_STRIDE(array, axis);
            if (bytes <= 0 || bytes % item != 0) return false;
            axes.emplace_back(bytes / item, PyArray_DIM(array, axis));
        }
        std::sort(axes.begin(), axes.end());
        for (size_t i = 1; i < axes.size(); ++i)
            if (axes[i].first < axes[i - 1].first * axes[i - 1].second) return false;
        return true;
    }
};

// An array of `bytes` bytes whose memory comes from the blocks and goes back to them.
inline PyArrayObject* new_array(std::vector<npy_intp>& sizes, std::vector<npy_intp>& strides,
                                npy_intp bytes, data_type type) {
    void* memory = take_block(std::max<npy_intp>(bytes, 1));
    PyObject* owner = PyCapsule_New(memory, nullptr, [](PyObject* capsule) {
        give_block(PyCapsule_GetPointer(capsule, nullptr));
    });
    if (owner == nullptr) {
        give_block(memory);
        throw std::bad_alloc();
    }
    PyObject* array = PyArray_New(&PyArray_Type, (int)sizes.size(), sizes.data(),
                                  type == f32 ? NPY_FLOAT32 : NPY_UINT16, strides.data(), memory,
                                  0, NPY_ARRAY_WRITEABLE, nullptr);
    if (array == nullptr) {
        Py_DECREF(owner);
        throw std::bad_alloc();
    }
    if (PyArray_SetBaseObject((PyArrayObject*)array, owner) != 0) {  // it took `owner` over
        Py_DECREF(array);
        throw std::bad_alloc();
    }
    PyArray_UpdateFlags((PyArrayObject*)array,
                        NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_F_CONTIGUOUS | NPY_ARRAY_ALIGNED);
    return (PyArrayObject*)array;
}

// Makes `*output` an array of the given shape whose memory is channels-last or in C order,
// keeping the memory of the last call where it fits.
inline void allocate(PyArrayObject** output, const dims& shape, bool last = true,
                     data_type type = f32) {
    if (*output != nullptr && type_of(*output) == type && shape_of(*output) == shape &&
        PyArray_ISALIGNED(*output) &&
        (last ? is_channels_last(*output) : is_c_order(*output)))
        return;
    std::vector<npy_intp> sizes(shape.begin(), shape.end());
    std::vector<npy_intp> strides(4);
    npy_intp stride = type == f32 ? 4 : 2;
    for (int axis : last ? std::vector<int>{1, 3, 2, 0} : std::vector<int>{3, 2, 1, 0}) {
        strides[axis] = stride;
        stride *= std::max<npy_intp>(sizes[axis], 1);
    }
    Py_CLEAR(*output);
    *output = new_array(sizes, strides, stride, type);
}

inline void allocate_vector(PyArrayObject** output, npy_intp length) {
    if (*output != nullptr && PyArray_NDIM(*output) == 1 && PyArray_DIM(*output, 0) == length &&
        PyArray_ISCARRAY(*output))
        return;
    Py_XDECREF(*output);
    *output = (PyArrayObject*)PyArray_SimpleNew(1, &length, NPY_FLOAT32);
    if (*output == nullptr) throw std::bad_alloc();
}

inline void fill(PyArrayObject* array, float value) {
    std::fill_n((float*)PyArray_DATA(array), PyArray_SIZE(array), value);
}

// A C-ordered view of `given`, a copy where it is flipped or transposed. May be made and destroyed
// without the interpreter's lock.
class Contiguous {
  public:
    explicit Contiguous(PyArrayObject* given) {
        const WithLock locked;
        array_ = PyArray_GETCONTIGUOUS(given);
        if (array_ == nullptr) throw std::bad_alloc();
    }
    ~Contiguous() {
        const WithLock locked;
        Py_DECREF(array_);
    }
    Contiguous(const Contiguous&) = delete;
    float* data() const { return (float*)PyArray_DATA(array_); }

  private:
    PyArrayObject* array_;
};

// A vector that oneDNN can read in place.
struct Vector {
    PyArrayObject* array;
    explicit Vector(PyArrayObject* given)
        : array((PyArrayObject*)PyArray_ContiguousFromAny((PyObject*)given, NPY_FLOAT32, 1, 1)) {
        if (array == nullptr) throw std::bad_alloc();
    }
    ~Vector() { Py_DECREF(array); }
    Vector(const Vector&) = delete;
    dnnl::memory memory() const {
        return dnnl::memory(desc(shape_of(array), f32, tag::a), engine(), PyArray_DATA(array));
    }
};

// The primitives that a thread has made, by what they were made for.
template <typename Primitive>
class Primitives {
  public:
    template <typename Make>
    Primitive& get(const std::vector<int64_t>& key, Make make) {
        auto found = made_.find(key);
        if (found != made_.end()) return found->second;
        if (made_.size() >= 1024) made_.clear();  // far more than a network has
        return made_.emplace(key, make()).first->second;
    }

  private:
    std::map<std::vector<int64_t>, Primitive> made_;
};

inline void append(std::vector<int64_t>& key, const dims& values) {
    key.insert(key.end(), values.begin(), values.end());
}

// Runs `body` and turns what it throws into a Python error. Returns 0, or 1 after an error.
template <typename Body>
int guarded(const char* op, Body body) {
    try {
        body();
        return PyErr_Occurred() ? 1 : 0;
    } catch (const dnnl::error& e) {
        PyErr_Format(PyExc_RuntimeError, "%s: oneDNN refused: %s (status %d)", op, e.what(),
                     (int)e.status);
    } catch (const std::invalid_argument& e) {
        PyErr_Format(PyExc_ValueError, "%s: %s", op, e.what());
    } catch (const std::bad_alloc&) {
        if (!PyErr_Occurred()) PyErr_NoMemory();
    }
    return 1;
}

}  // namespace tt
