#include "winograd.h"

#include "blocks.h"
#include "winograd_tiles.h"

namespace tt {
namespace {

// Tiles of a block: enough for each filter that is transformed for them, few enough for their
// products to stay in the cache.
constexpr int64_t tiles_at_once = 64;

// Input channels whose filters are transformed at a time: they stay in the cache, too.
constexpr int64_t channels_at_once = 128;

// Writes G g G^T of one input channel of a panel; `product_step`: from one of the products on.
inline void write_filters(const float* packed, float* to, int64_t product_step) {
    for (int v = 0; v < tile_vectors; ++v) {
        vec g[taps], half[inputs * 3];
#pragma GCC unroll 9
        for (int k = 0; k < taps; ++k) g[k] = load(packed + k * tile_columns + v * lanes);
#pragma GCC unroll 3
        for (int j = 0; j < 3; ++j) transform_filter(g + j, 3, half + j, 3);
#pragma GCC unroll 6
        for (int i = 0; i < inputs; ++i) {
            vec r[inputs];
            transform_filter(half + i * 3, 1, r, 1);
#pragma GCC unroll 6
            for (int j = 0; j < inputs; ++j)
                store(to + (i * inputs + j) * product_step + v * lanes, r[j]);
        }
    }
}

// A matrix of products; while it is computed, filters that will be transformed are fetched.
struct Products : Matrix {
    const float* next;  // a vector per depth, unless null

    ALWAYS_INLINE void meanwhile(int64_t k) const {
        if (next) fetch(next + k * lanes);
    }
};

// What a thread needs for one panel of output channels: transformed filters, products.
class Panel {
  public:
    Panel(const Plane& plane, const Tiles<outputs>& tiles, int64_t size)
        : plane_(plane),
          tiles_(tiles),
          channels_(std::min(channels_at_once, plane.in)),
          filter_step_(apart(channels_ * tile_columns)),
          product_step_(apart(size * tile_columns)),
          memory_(products * (filter_step_ + product_step_)),
          filters_(memory_.data()),
          products_(memory_.data() + products * filter_step_) {}

    // The outputs of `count` tiles from number `first` on. `transformed`: their inputs, the
    // products of which lie `input_step` apart, the blocks of channels `block_step`.
    void run(int64_t panel, const float* packed, const float* transformed, int64_t input_step,
             int64_t block_step, int64_t first, int64_t count, const Finish<float>& finish,
             float* output) {
        const int64_t width = std::min<int64_t>(tile_columns, plane_.out - panel * tile_columns);
        for (int64_t channel = 0; channel < plane_.in; channel += channels_) {
            const int64_t depth = std::min(channels_, plane_.in - channel);
            const float* from = packed + (panel * plane_.in + channel) * taps * tile_columns;
            for (int64_t k = 0; k < depth; ++k)
                write_filters(from + k * taps * tile_columns, filters_ + k * tile_columns,
                              filter_step_);
            const float* left =
                transformed + channel / block_depth * block_step + channel % block_depth;
            multiply(depth, left, input_step, count, from + depth * taps * tile_columns,
                     channel > 0, width);
        }
        for (int64_t tile = 0; tile < count; ++tile)
            write_outputs(plane_, finish, tiles_.place(first + tile),
                          products_ + tile * tile_columns, product_step_, panel * tile_columns,
                          width, output);
    }

  private:
    // All 36 products of `depth` channels. `next`: the filters that follow.
    void multiply(int64_t depth, const float* left, int64_t input_step, int64_t count,
                  const float* next, bool accumulate, int64_t width) const {
        const auto run = width == tile_columns
                             ? multiply_rows<tile_vectors, pitch, 1, tile_columns, float, Products>
                             : multiply_rows<1, pitch, 1, tile_columns, float, Products>;
        const int64_t piece = even_piece(count, tile_rows);
        for (int64_t product = 0; product < products; ++product) {
            const int64_t fetched = product * depth * lanes;
            const bool more = fetched < depth * taps * tile_columns;
            for (int64_t tile = 0; tile < count; tile += piece)
                run((int)std::min(piece, count - tile), depth,
                    left + product * input_step + tile * pitch, filters_ + product * filter_step_,
                    {{products_ + product * product_step_ + tile * tile_columns, tile_columns,
                      accumulate},
                     more && tile == 0 ? next + fetched : nullptr});
        }
    }

    const Plane& plane_;
    const Tiles<outputs>& tiles_;
    const int64_t channels_, filter_step_, product_step_;
    const Scratch memory_;
    float *const filters_, *const products_;
};

}  // namespace

bool winograd_takes(int64_t in, int64_t out) { return in % lanes == 0 && out % lanes == 0; }

template <>
size_t winograd_packed_size<float>(int64_t in, int64_t out) {
    return panels_of(out) * in * taps * tile_columns;
}

template <>
void winograd_pack<float>(const float* filters, int64_t in, int64_t out, bool transposed,
                   const float* scale, float* packed) {
    for_filters(filters, in, out, transposed, scale,
                [&](int64_t panel, int64_t c, int64_t o, const float* g) {
                    float* to = packed + (panel * in + c) * taps * tile_columns + o;
                    for (int k = 0; k < taps; ++k) to[k * tile_columns] = g[k];
                });
}

template <>
void winograd_convolve(const Plane& plane, const float* images, const float* packed,
                       const Finish<float>& finish, float* output) {
    const Tiles<outputs> tiles{plane};
    const Schedule schedule(tiles.count, tiles_at_once);
    const int64_t size = schedule.size;
    const int64_t block_step = size * pitch;
    const int64_t input_step = apart(blocks_of(plane.in, block_depth) * block_step);
    const Scratch scratch(schedule.parts * products * input_step);

#pragma omp parallel
    {
        float* transformed =
            scratch.data() + (schedule.together ? 0 : omp_get_thread_num() * products * input_step);
        Panel work(plane, tiles, size);
        const auto transform = [&](int64_t tile, int64_t to) {
            write_inputs(plane, images, tiles.place(tile), transformed + to * pitch, input_step,
                         block_step);
        };
        const auto run = [&](int64_t panel, int64_t first, int64_t count) {
            work.run(panel, packed, transformed, input_step, block_step, first, count, finish,
                     output);
        };
        schedule(panels_of(plane.out), transform, run);
    }
}

}  // namespace tt
