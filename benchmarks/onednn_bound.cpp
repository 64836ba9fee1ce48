// A convolutional network as bare oneDNN primitives: nothing between them, everything fused,
// parameters packed beforehand, outputs in buffers that exist already. Loaded by
// contestants/bound.py through the C functions at the end.
#include <omp.h>

#include <cstring>
#include <exception>
#include <string>
#include <unordered_map>
#include <vector>

#include "dnnl.hpp"

using dnnl::memory;
using tag = memory::format_tag;

// As _Step in contestants/bound.py.
struct Step {
    int is_pool, source, residual, buffer, activation;  // activation: 0 none, 1 relu, 2 relu6
    int in_channels, in_size, channels, size, kernel, stride, pad_before, pad_after, groups;
    const float *weights, *bias;
};

static std::string last_error;

struct Network {
    dnnl::engine engine{dnnl::engine::kind::cpu, 0};
    dnnl::stream stream{engine};
    memory::data_type type;
    tag inner;
    int batch;
    memory input;
    std::vector<memory> outputs;
    std::vector<memory> buffers;  // owners of what outputs point at
    std::vector<dnnl::primitive> primitives;
    std::vector<std::unordered_map<int, memory>> arguments;

    Network(bool bfloat16, bool blocked, int batch, int count, const Step* steps, int n_buffers)
        : type(bfloat16 ? memory::data_type::bf16 : memory::data_type::f32),
          inner(tag::nhwc),
          batch(batch) {
        // The physical order that the kernels of this processor are written for.
        if (blocked) {
            bool wide = dnnl::get_effective_cpu_isa() >= dnnl::cpu_isa::avx512_core;
            inner = wide ? tag::nChw16c : tag::nChw8c;
        }
        // There are no fast kernels that read three channels blocked, nor any from one of the two
        // other orders to the other family.
        tag first = blocked ? tag::nchw : tag::nhwc;
        input = memory(maps(steps[0].in_channels, steps[0].in_size, first), engine);
        std::vector<size_t> sizes(n_buffers, 0);
        for (int i = 0; i < count; i++) {
            size_t size = maps(steps[i].channels, steps[i].size, inner).get_size();
            size_t& known = sizes[steps[i].buffer];
            known = size > known ? size : known;
        }
        for (size_t size : sizes) {
            memory::desc bytes({memory::dim(size)}, memory::data_type::u8, tag::a);
            buffers.emplace_back(bytes, engine);
            std::memset(buffers.back().get_data_handle(), 0, size);
        }
        for (int i = 0; i < count; i++) add(steps[i]);
        stream.wait();
    }

    memory::desc maps(int channels, int size, tag order) const {
        return memory::desc({batch, channels, size, size}, type, order);
    }

    void add(const Step& s) {
        memory source = s.source < 0 ? input : outputs[s.source];
        memory::desc to = maps(s.channels, s.size, inner);
        memory output(to, engine, buffers[s.buffer].get_data_handle());
        memory::dims strides{s.stride, s.stride}, before{s.pad_before, s.pad_before},
            after{s.pad_after, s.pad_after};
        if (s.is_pool) {
            dnnl::pooling_forward::primitive_desc pd(
                engine, dnnl::prop_kind::forward_inference, dnnl::algorithm::pooling_max,
                source.get_desc(), to, strides, {s.kernel, s.kernel}, {0, 0}, before, after);
            finish(dnnl::pooling_forward(pd), {{DNNL_ARG_SRC, source}, {DNNL_ARG_DST, output}});
        } else {
            memory::dims shape{s.channels, s.in_channels / s.groups, s.kernel, s.kernel};
            tag plain = tag::oihw;
            if (s.groups > 1) {
                shape = {s.groups, s.channels / s.groups, s.in_channels / s.groups, s.kernel,
                         s.kernel};
                plain = tag::goihw;
            }
            const auto f32 = memory::data_type::f32;
            memory::desc bias_desc({s.channels}, f32, tag::a);
            dnnl::post_ops after_sum;
            if (s.residual >= 0) after_sum.append_sum();
            if (s.activation == 1) after_sum.append_eltwise(dnnl::algorithm::eltwise_relu, 0, 0);
            if (s.activation == 2) after_sum.append_eltwise(dnnl::algorithm::eltwise_clip, 0, 6);
            dnnl::primitive_attr attr;
            attr.set_post_ops(after_sum);
            dnnl::convolution_forward::primitive_desc pd(
                engine, dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct,
                source.get_desc(), memory::desc(shape, type, tag::any), bias_desc, to, strides,
                before, after, attr);
            memory given({shape, f32, plain}, engine, const_cast<float*>(s.weights));
            memory packed(pd.weights_desc(), engine);
            dnnl::reorder(given, packed).execute(stream, given, packed);
            memory bias(bias_desc, engine);
            std::memcpy(bias.get_data_handle(), s.bias, s.channels * sizeof(float));
            finish(dnnl::convolution_forward(pd), {{DNNL_ARG_SRC, source},
                                                   {DNNL_ARG_WEIGHTS, packed},
                                                   {DNNL_ARG_BIAS, bias},
                                                   {DNNL_ARG_DST, output}});
        }
        outputs.push_back(output);
    }

    void finish(const dnnl::primitive& primitive, const std::unordered_map<int, memory>& given) {
        primitives.push_back(primitive);
        arguments.push_back(given);
    }

    void convert(memory from, memory to) {
        dnnl::reorder(from, to).execute(stream, from, to);
        stream.wait();
    }

    memory plain(float* data, const memory& like) {
        return memory({like.get_desc().get_dims(), memory::data_type::f32, tag::nchw}, engine, data);
    }
};

template <typename F>
static int guarded(F body) {
    try {
        body();
        return 0;
    } catch (const std::exception& error) {
        last_error = error.what();
        return 1;
    }
}

extern "C" {

const char* bound_error() { return last_error.c_str(); }

int bound_create(Network** made, int threads, int bfloat16, int blocked, int batch, int count,
                 const Step* steps, int n_buffers) {
    omp_set_num_threads(threads);
    return guarded([&] {
        *made = new Network(bfloat16, blocked, batch, count, steps, n_buffers);
    });
}

// Pictures (batch, 3, rows, columns), float32.
int bound_input(Network* net, float* pictures) {
    return guarded([&] { net->convert(net->plain(pictures, net->input), net->input); });
}

int bound_run(Network* net) {
    return guarded([&] {
        for (size_t i = 0; i < net->primitives.size(); i++)
            net->primitives[i].execute(net->stream, net->arguments[i]);
        net->stream.wait();
    });
}

// The last maps (batch, channel, row, column), float32.
int bound_output(Network* net, float* maps) {
    return guarded([&] { net->convert(net->outputs.back(), net->plain(maps, net->outputs.back())); });
}
}
