// Minimal filtering of bfloat16 images: F(2x2, 3x3), of which the products are bfloat16, too.
//
// A processor multiplies twice as many bfloat16 as floats. Of F(4x4, 3x3), transformed images and
// filters must stay floats: rounded, they would be off by six times as much as the images
// themselves. Here, where transforms are sums of four numbers, it is twice as much.
#include "blocks.h"
#include "tiles.h"
#include "winograd.h"

namespace tt {
namespace {

constexpr int outputs = 2, inputs = 4, products = inputs * inputs;
constexpr int together = per_word<bfloat16>;  // channels in the place of a float

// Tiles of a block: enough for each filter that is loaded, few enough to stay in the cache.
constexpr int64_t tiles_at_once = 56;

// B^T times a line of four.
inline void transform_input(const vec* d, int step, vec* r, int r_step) {
    const vec d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step];
    r[0] = d0 - d2;
    r[r_step] = d1 + d2;
    r[2 * r_step] = d2 - d1;
    r[3 * r_step] = d1 - d3;
}

// G times a line of three.
inline void transform_filter(const float* g, int step, float* r, int r_step) {
    const float even = (g[0] + g[2 * step]) / 2, odd = g[step] / 2;
    r[0] = g[0];
    r[r_step] = even + odd;
    r[2 * r_step] = even - odd;
    r[3 * r_step] = g[2 * step];
}

// A^T times a line of four.
inline void transform_output(const vec* m, int step, vec* r, int r_step) {
    const vec m1 = m[step], m2 = m[2 * step];
    r[0] = m[0] + m1 + m2;
    r[r_step] = m1 - m2 - m[3 * step];
}

// What a thread needs: inputs of a block of tiles, products of one panel of output channels.
class Work {
  public:
    Work(const Plane& plane, const Tiles<outputs>& tiles, int64_t size, float* transformed)
        : plane_(plane),
          tiles_(tiles),
          block_step_(size * pitch),
          input_step_(input_step(plane, size)),
          product_step_(apart(size * tile_columns)),
          transformed_(transformed),
          products_(products * product_step_) {}

    // From one product's transformed inputs to the next one's, in floats.
    static int64_t input_step(const Plane& plane, int64_t size) {
        return apart(blocks_of(plane.in / together, block_depth) * size * pitch);
    }

    // Writes B^T d B of one tile.
    void transform(const bfloat16* images, int64_t tile, int64_t place) {
        for (int64_t channel = 0; channel < plane_.in; channel += lanes) {
            vec d[products], half[products];
            load_inputs<inputs>(plane_, images, tiles_.place(tile), channel, d);
#pragma GCC unroll 4
            for (int j = 0; j < inputs; ++j) transform_input(d + j, inputs, half + j, inputs);
            float* target = of_tile(place, channel / together);
#pragma GCC unroll 4
            for (int i = 0; i < inputs; ++i) {
                vec r[inputs];
                transform_input(half + i * inputs, 1, r, 1);
#pragma GCC unroll 4
                for (int j = 0; j < inputs; ++j)
                    store((bfloat16*)(target + (i * inputs + j) * input_step_), r[j]);
            }
        }
    }

    // The outputs of `count` tiles from number `first` on.
    void run(int64_t panel, const float* packed, int64_t first, int64_t count,
             const Finish<bfloat16>& finish, bfloat16* output) {
        const int64_t channel = panel * tile_columns;
        const int64_t width = std::min<int64_t>(tile_columns, plane_.out - channel);
        const int64_t depth = plane_.in / together;
        const int64_t piece = even_piece(count, tile_rows);
        const auto multiply =
            width == tile_columns ? multiply_rows<tile_vectors, pitch, 1, tile_columns, bfloat16>
                                  : multiply_rows<1, pitch, 1, tile_columns, bfloat16>;
        for (int64_t product = 0; product < products; ++product)
            for (int64_t k = 0; k < depth; k += block_depth)
                for (int64_t tile = 0; tile < count; tile += piece)
                    multiply((int)std::min(piece, count - tile),
                             std::min<int64_t>(block_depth, depth - k),
                             of_tile(tile, k) + product * input_step_,
                             packed + ((panel * products + product) * depth + k) * tile_columns,
                             {of_product(product, tile), tile_columns, k > 0});
        for (int64_t tile = 0; tile < count; ++tile)
            write_outputs(tiles_.place(first + tile), of_product(0, tile), channel, width, finish,
                          output);
    }

  private:
    // Writes A^T m A of one tile, finished, into `width` channels from number `first` on.
    void write_outputs(const Tiles<outputs>::Place& place, const float* from, int64_t first,
                       int64_t width, const Finish<bfloat16>& finish, bfloat16* output) const {
        for (int64_t channel = 0; channel < width; channel += lanes) {
            vec m[products], half[outputs * inputs], r[outputs * outputs];
#pragma GCC unroll 16
            for (int i = 0; i < products; ++i) m[i] = load(from + i * product_step_ + channel);
#pragma GCC unroll 4
            for (int j = 0; j < inputs; ++j) transform_output(m + j, inputs, half + j, inputs);
#pragma GCC unroll 2
            for (int i = 0; i < outputs; ++i)
                transform_output(half + i * inputs, 1, r + i * outputs, 1);
            for (int64_t i = 0; i < place.high; ++i)
                write_row(plane_, finish, place, i, first + channel, r + i * outputs, output);
        }
    }

    float* of_tile(int64_t tile, int64_t word) const {
        return transformed_ + word / block_depth * block_step_ + tile * pitch + word % block_depth;
    }
    float* of_product(int64_t product, int64_t tile) const {
        return products_.data() + product * product_step_ + tile * tile_columns;
    }

    const Plane& plane_;
    const Tiles<outputs>& tiles_;
    const int64_t block_step_, input_step_, product_step_;
    float* const transformed_;
    const Scratch products_;
};

}  // namespace

template <>
size_t winograd_packed_size<bfloat16>(int64_t in, int64_t out) {
    return panels_of(out) * products * (in / together) * tile_columns;
}

template <>
void winograd_pack<bfloat16>(const float* filters, int64_t in, int64_t out, bool transposed,
                             const float* scale, float* packed) {
    for_filters(filters, in, out, transposed, scale,
                [&](int64_t panel, int64_t c, int64_t o, const float* g) {
                    float half[inputs * 3], r[products];
                    for (int j = 0; j < 3; ++j) transform_filter(g + j, 3, half + j, 3);
                    for (int i = 0; i < inputs; ++i)
                        transform_filter(half + i * 3, 1, r + i * inputs, 1);
                    for (int64_t product = 0; product < products; ++product) {
                        const int64_t row = (panel * products + product) * in + c;
                        float* word = packed + row / together * tile_columns + o;
                        ((bfloat16*)word)[c % together] = rounded(r[product]);
                    }
                });
}

template <>
void winograd_convolve(const Plane& plane, const bfloat16* images, const float* packed,
                       const Finish<bfloat16>& finish, bfloat16* output) {
    const Tiles<outputs> tiles{plane};
    const Schedule schedule(tiles.count, tiles_at_once);
    const int64_t block = products * Work::input_step(plane, schedule.size);
    const Scratch scratch(schedule.parts * block);
#pragma omp parallel
    {
        float* mine = scratch.data() + (schedule.together ? 0 : omp_get_thread_num() * block);
        Work work(plane, tiles, schedule.size, mine);
        schedule(
            panels_of(plane.out),
            [&](int64_t tile, int64_t place) { work.transform(images, tile, place); },
            [&](int64_t panel, int64_t first, int64_t count) {
                work.run(panel, packed, first, count, finish, output);
            });
    }
}

}  // namespace tt
