// What the Ops of this package share: NumPy arrays as oneDNN memory.
//
// Tensors are logically (batch, channel, row, column). Physically they may have any strides;
// oneDNN is fastest here when the channels of a pixel lie side by side ("channels last", nhwc),
// so results are handed on that way, and read without a copy when they come that way.
#pragma once

#include <Python.h>
#include <numpy/arrayobject.h>

#include <algorithm>
#include <dnnl.hpp>
#include <limits>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

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

inline desc channels_last(const dims& shape) { return desc(shape, f32, tag::nhwc); }

// A reference to a float32 array of four axes that oneDNN can read in place: the array that was
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
    float* data() const { return (float*)PyArray_DATA(array_); }

    desc layout() const {
        if (is_channels_last(array_)) return channels_last(shape());
        if (is_c_order(array_)) return desc(shape(), f32, tag::nchw);
        dims strides(4);
        for (int axis = 0; axis < 4; ++axis) strides[axis] = stride(array_, axis);
        return desc(shape(), f32, strides);
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
        if (PyArray_DIM(array, axis) > 1) return PyArray_STRIDE(array, axis) / 4;
        npy_intp extent = 1;
        for (int other = 0; other < 4; ++other)
            extent = std::max<npy_intp>(
                extent, PyArray_DIM(array, other) * PyArray_STRIDE(array, other) / 4);
        return extent;
    }

    // oneDNN wants positive strides of whole elements that do not overlap.
    static bool is_readable(PyArrayObject* array) {
        if (!PyArray_ISALIGNED(array)) return false;
        std::vector<std::pair<npy_intp, npy_intp>> axes;  // (stride, length)
        for (int axis = 0; axis < 4; ++axis) {
            if (PyArray_DIM(array, axis) == 1) continue;
            const npy_intp bytes = PyArray_STRIDE(array, axis);
            if (bytes <= 0 || bytes % 4 != 0) return false;
            axes.emplace_back(bytes / 4, PyArray_DIM(array, axis));
        }
        std::sort(axes.begin(), axes.end());
        for (size_t i = 1; i < axes.size(); ++i)
            if (axes[i].first < axes[i - 1].first * axes[i - 1].second) return false;
        return true;
    }
};

// Makes `*output` an array of the given shape whose memory is channels-last or in C order,
// keeping the memory of the last call where it fits.
inline void allocate(PyArrayObject** output, const dims& shape, bool last = true) {
    if (*output != nullptr && shape_of(*output) == shape && PyArray_ISALIGNED(*output) &&
        (last ? is_channels_last(*output) : is_c_order(*output)))
        return;
    std::vector<npy_intp> sizes(shape.begin(), shape.end());
    std::vector<npy_intp> strides(4);
    npy_intp stride = sizeof(float);
    for (int axis : last ? std::vector<int>{1, 3, 2, 0} : std::vector<int>{3, 2, 1, 0}) {
        strides[axis] = stride;
        stride *= std::max<npy_intp>(sizes[axis], 1);
    }
    Py_XDECREF(*output);
    *output = (PyArrayObject*)PyArray_New(&PyArray_Type, 4, sizes.data(), NPY_FLOAT32,
                                          strides.data(), nullptr, 0, 0, nullptr);
    if (*output == nullptr) throw std::bad_alloc();
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

// A C-ordered view of `given`, a copy where it is flipped or transposed.
class Contiguous {
  public:
    explicit Contiguous(PyArrayObject* given) : array_(PyArray_GETCONTIGUOUS(given)) {
        if (array_ == nullptr) throw std::bad_alloc();
    }
    ~Contiguous() { Py_DECREF(array_); }
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

// Primitives that one Apply node has made, by shapes and layout. Batch sizes change from call to
// call (the last batch is smaller), so a few are kept.
template <typename Primitive>
class Primitives {
  public:
    template <typename Make>
    Primitive& get(const std::vector<int64_t>& key, Make make) {
        auto found = made_.find(key);
        if (found != made_.end()) return found->second;
        if (made_.size() >= 8) made_.clear();
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
