#include "pointwise.h"

#include <algorithm>

#include "blocks.h"
#include "gemm.h"

namespace tt {
namespace {

// Pixels of which a thread holds a copy: enough for each filter that is loaded, few enough to
// stay in its cache.
constexpr int64_t pixels_at_once = 112;

// In floats: what of the next pixels fits into the cache beside those that are multiplied.
constexpr int64_t fetched_ahead = 64 * 1024;

// Where a tile of outputs goes. `part` holds the sums while some of the depth is left.
template <typename Number>
struct Outputs {
    const Finish<Number>& finish;
    float* part;
    Number* output;
    int64_t channel, at;  // of the first output: its channel, its place among all
    int64_t channels;     // of an output: how far apart pixels lie
    int64_t rows;         // of this tile: the next one's outputs follow
    const float* next;    // what else to fetch, a vector per depth, unless null
    bool accumulate, done;

    vec before(int row, int vector) const {
        return load(part + row * tile_columns + vector * lanes);
    }
    void take(int row, int vector, vec sum) const {
        if (!done) return store(part + row * tile_columns + vector * lanes, sum);
        const int64_t place = at + row * channels + vector * lanes;
        store(output + place, finish(sum, channel + vector * lanes, place));
    }
    ALWAYS_INLINE void meanwhile(int64_t k) const {
        if (next) fetch(next + k * lanes);
        if (k >= rows || accumulate) return;
        const int64_t place = at + (rows + k) * channels;
        for (int j = 0; j < tile_vectors; ++j) {
            fetch_to_write(output + place + j * lanes);
            if (finish.residual && finish.residual != output)
                fetch(finish.residual + place + j * lanes);
        }
    }
};

// A block of pixels on its way.
template <typename Number>
class Block {
  public:
    Block(const Plane& plane, int64_t size)
        : plane_(plane),
          size_(size),
          depth_(plane.in / per_word<Number>),
          copied_(blocks_of(depth_, block_depth) * size * pitch) {}

    // Copies `count` pixels, from number `first` of the output on.
    void copy(const Number* images, int64_t row_stride, int64_t column_stride, int64_t first,
              int64_t count) {
        for (int64_t i = 0; i < count; ++i) {
            const int64_t column = (first + i) % plane_.out_columns * column_stride;
            const int64_t row = (first + i) / plane_.out_columns % plane_.out_rows * row_stride;
            const int64_t image = (first + i) / (plane_.out_columns * plane_.out_rows);
            const float* from =
                (const float*)images +
                ((image * plane_.rows + row) * plane_.columns + column) * depth_;
            for_vectors(depth_, [&](int64_t c, int64_t n) {
                store(of_pixel(i, c), load(from + c, n));
            });
        }
    }

    // Multiplies the `count` pixels with one panel of filters. Meanwhile what starts at `next`, of
    // the same size as the pixels, is fetched.
    void multiply(int64_t panel, const float* packed, const Finish<Number>& finish, int64_t first,
                  int64_t count, const float* next, Number* output) {
        const int64_t channel = panel * tile_columns, piece = even_piece(count, tile_rows);
        const auto run =
            plane_.out - channel >= tile_columns
                ? multiply_rows<tile_vectors, pitch, 1, tile_columns, Number, Outputs<Number>>
                : multiply_rows<1, pitch, 1, tile_columns, Number, Outputs<Number>>;
        alignas(64) float part[tile_rows * tile_columns];
        for (int64_t pixel = 0; pixel < count; pixel += piece)
            for (int64_t k = 0; k < depth_; k += block_depth) {
                const int64_t rows = std::min(piece, count - pixel);
                const int64_t depth = std::min<int64_t>(block_depth, depth_ - k);
                Outputs<Number> target{finish, part, output, channel};
                target.at = (first + pixel) * plane_.out + channel;
                target.channels = plane_.out;
                target.rows = rows;
                target.next = next ? next + pixel * depth_ + k * rows : nullptr;
                target.accumulate = k > 0;
                target.done = k + depth == depth_;
                run((int)rows, depth, of_pixel(pixel, k),
                    packed + (panel * depth_ + k) * tile_columns, target);
            }
    }

  private:
    float* of_pixel(int64_t pixel, int64_t k) const {
        return copied_.data() + (k / block_depth * size_ + pixel) * pitch + k % block_depth;
    }

    const Plane& plane_;
    const int64_t size_, depth_;  // the depth in floats
    const Scratch copied_;
};

}  // namespace

template <typename Number>
bool pointwise_takes(int64_t in, int64_t out) {
    return in % per_word<Number> == 0 && out % lanes == 0;
}

template <typename Number>
size_t pointwise_packed_size(int64_t in, int64_t out) {
    return panels_of(out) * (in / per_word<Number>)*tile_columns;
}

template <typename Number>
void pointwise_pack(const float* filters, int64_t in, int64_t out, const float* scale,
                    float* packed) {
    pack_panels<Number>(filters, scale, panels_of(out), in,
                        [out](int64_t column) { return column < out ? column : -1; }, packed);
}

template <typename Number>
void pointwise_convolve(const Plane& plane, int64_t row_stride, int64_t column_stride,
                        const Number* images, const float* packed, const Finish<Number>& finish,
                        Number* output) {
    const int64_t pixels = plane.batch * plane.out_rows * plane.out_columns;
    const int64_t threads = omp_get_max_threads();
    const int64_t rounds = blocks_of(pixels, threads * pixels_at_once);
    const int64_t size = blocks_of(pixels, threads * rounds), blocks = blocks_of(pixels, size);
    // Whether the pixels that a thread will probably take next lie side by side, and fit.
    const bool one_piece = row_stride * column_stride == 1 &&
                           size * plane.in / per_word<Number> <= fetched_ahead;
#pragma omp parallel
    {
        Block<Number> block(plane, size);
#pragma omp for schedule(dynamic, 1)
        for (int64_t number = 0; number < blocks; ++number) {
            const int64_t first = number * size, count = std::min(size, pixels - first);
            const bool follows = one_piece && number + threads < blocks;
            const float* next =
                (const float*)images + (first + threads * size) * plane.in / per_word<Number>;
            block.copy(images, row_stride, column_stride, first, count);
            for (int64_t panel = 0; panel < panels_of(plane.out); ++panel)
                block.multiply(panel, packed, finish, first, count,
                               follows && panel == 0 ? next : nullptr, output);
        }
    }
}

#define INSTANTIATE(Number)                                                                     \
    template bool pointwise_takes<Number>(int64_t, int64_t);                                    \
    template size_t pointwise_packed_size<Number>(int64_t, int64_t);                            \
    template void pointwise_pack<Number>(const float*, int64_t, int64_t, const float*, float*); \
    template void pointwise_convolve(const Plane&, int64_t, int64_t, const Number*,             \
                                     const float*, const Finish<Number>&, Number*);
INSTANTIATE(float)
INSTANTIATE(bfloat16)

}  // namespace tt
