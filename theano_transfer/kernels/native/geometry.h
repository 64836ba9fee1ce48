// The geometry of a 2D convolution, shared by its three Ops.
#pragma once

#include "arrays.h"
#include "kernels.h"

namespace tt {

// Special paddings that depend on the size of the filter, as in Aesara's convolutions.
constexpr int64_t pad_half = -1, pad_full = -2;

struct Geometry {
    dims stride, dilation;  // of rows, columns; dilation 1 means dense
    dims pad_before, pad_after;
    int64_t groups;

    Geometry(const ConvolutionParams& params, const dims& filter_size)
        : stride{params.stride_rows, params.stride_columns},
          dilation{params.dilation_rows, params.dilation_columns},
          pad_before{params.pad_top, params.pad_left},
          pad_after{params.pad_bottom, params.pad_right},
          groups(params.groups) {
        for (int axis = 0; axis < 2; ++axis) {
            const int64_t extent = (filter_size[axis] - 1) * dilation[axis] + 1;
            for (int64_t* pad : {&pad_before[axis], &pad_after[axis]}) {
                if (*pad == pad_half) *pad = extent / 2;
                if (*pad == pad_full) *pad = extent - 1;
            }
        }
    }

    // oneDNN counts the gaps between the taps of a filter, Theano the distance.
    dims gaps() const { return {dilation[0] - 1, dilation[1] - 1}; }

    int64_t output_size(int axis, int64_t input, int64_t filter) const {
        const int64_t extent = (filter - 1) * dilation[axis] + 1;
        const int64_t room = input + pad_before[axis] + pad_after[axis] - extent;
        return room < 0 ? 0 : room / stride[axis] + 1;
    }

    dims output_shape(const dims& image, const dims& filters) const {
        return {image[0], filters[0], output_size(0, image[2], filters[2]),
                output_size(1, image[3], filters[3])};
    }

    // Throws unless images, filters and outputs of these shapes fit one another.
    void check(const dims& image, const dims& filters, const dims& output) const {
        if (image[1] != filters[1] * groups)
            throw std::invalid_argument(
                "the images have " + std::to_string(image[1]) + " channels, the filters take " +
                std::to_string(filters[1]) + " in each of " + std::to_string(groups) + " groups");
        if (filters[0] % groups != 0)
            throw std::invalid_argument(std::to_string(filters[0]) +
                                        " filters do not divide into " + std::to_string(groups) +
                                        " groups");
        if (filters[1] == 0) throw std::invalid_argument("the images have no channels");
        const dims expected = output_shape(image, filters);
        if (expected[2] <= 0 || expected[3] <= 0)
            throw std::invalid_argument("filters of " + text(filters) +
                                        " do not fit into padded images of " + text(image));
        if (output != expected)
            throw std::invalid_argument("images of " + text(image) + " and filters of " +
                                        text(filters) + " give outputs of " + text(expected) +
                                        ", not of " + text(output));
    }

    // What distinguishes this convolution from others of the same shapes.
    void append_to(std::vector<int64_t>& key) const {
        for (const dims* part : {&stride, &dilation, &pad_before, &pad_after}) append(key, *part);
        key.push_back(groups);
    }

    // Whether Winograd's minimal filtering knows it: 3x3, dense, step by step.
    bool is_plain_3x3(const dims& filters) const {
        return filters[2] == 3 && filters[3] == 3 && groups == 1 && stride == dims{1, 1} &&
               dilation == dims{1, 1} && pad_before[0] <= 2 && pad_before[1] <= 2 &&
               pad_after[0] <= 2 && pad_after[1] <= 2;
    }

    // Whether each output depends on one pixel.
    bool is_pointwise(const dims& filters) const {
        const dims nothing{0, 0};
        return filters[2] == 1 && filters[3] == 1 && groups == 1 && pad_before == nothing &&
               pad_after == nothing;
    }

    // Filters as oneDNN counts them: (group, out, in, row, column).
    dims grouped(const dims& filters) const {
        return {groups, filters[0] / groups, filters[1], filters[2], filters[3]};
    }

    static std::string text(const dims& shape) {
        std::string result = "(";
        for (size_t i = 0; i < shape.size(); ++i)
            result += (i ? ", " : "") + std::to_string(shape[i]);
        return result + ")";
    }
};

}  // namespace tt
