// The geometry of 2D pooling, shared by its Ops.
#pragma once

#include "arrays.h"
#include "kernels.h"

namespace tt {

struct Pooling {
    dims window, stride, pad_before, pad_after;
    bool ignore_border;  // otherwise windows may hang over the far edges
    dnnl::algorithm algorithm;

    explicit Pooling(const PoolingParams& params)
        : window{params.window_rows, params.window_columns},
          stride{params.stride_rows, params.stride_columns},
          pad_before{params.pad_top, params.pad_left},
          pad_after{params.pad_bottom, params.pad_right},
          ignore_border(params.ignore_border) {
        const dnnl::algorithm modes[] = {dnnl::algorithm::pooling_max,
                                         dnnl::algorithm::pooling_avg_exclude_padding,
                                         dnnl::algorithm::pooling_avg_include_padding};
        algorithm = modes[params.mode_code];
    }

    int64_t output_size(int axis, int64_t input) const {
        const int64_t room = input + pad_before[axis] + pad_after[axis] - window[axis];
        if (ignore_border) return room < 0 ? 0 : room / stride[axis] + 1;
        // As many windows as cover everything, each starting inside.
        return stride[axis] >= window[axis] ? (input - 1) / stride[axis] + 1
                                            : std::max<int64_t>(0, room - 1 + stride[axis]) / stride[axis] + 1;
    }

    // What oneDNN has to know as padding: the given one, or what the last window hangs over.
    int64_t overhang(int axis, int64_t input) const {
        if (ignore_border) return pad_after[axis];
        const int64_t end = (output_size(axis, input) - 1) * stride[axis] + window[axis];
        return std::max<int64_t>(0, end - input);
    }

    std::vector<int64_t> key(const dims& image) const {
        std::vector<int64_t> key(image);
        for (const dims* part : {&window, &stride, &pad_before, &pad_after}) append(key, *part);
        key.push_back(ignore_border);
        key.push_back((int64_t)algorithm);
        return key;
    }

    dims output_shape(const dims& image) const {
        return {image[0], image[1], output_size(0, image[2]), output_size(1, image[3])};
    }

    void check(const dims& image, const dims& output) const {
        const dims expected = output_shape(image);
        if (expected[2] <= 0 || expected[3] <= 0)
            throw std::invalid_argument("the pooling window does not fit into the padded images");
        if (output != expected)
            throw std::invalid_argument("the gradient does not have the shape of the output");
    }

    dnnl::pooling_forward::primitive_desc forward(dnnl::prop_kind kind, const desc& image,
                                                  const desc& output) const {
        return {engine(), kind,   algorithm, image,      output,
                stride,   window, {0, 0},    pad_before, pad_end(image)};
    }

    dims pad_end(const desc& image) const {
        const dims shape = image.get_dims();
        return {overhang(0, shape[2]), overhang(1, shape[3])};
    }
};

}  // namespace tt
