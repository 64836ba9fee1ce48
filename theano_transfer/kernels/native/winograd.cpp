#include "winograd.h"

#include <algorithm>

#include "blocks.h"
#include "gemm.h"

namespace tt {
namespace {

constexpr int outputs = 4, inputs = 6, products = inputs * inputs;

// The points at which polynomials are multiplied: 0, +-p, +-q and infinity. The usual 1 and 2 round
// twice as much: of the pairs with few binary digits, this one came out best.
constexpr float p = 0.625f, q = 1.5f, pp = p * p, qq = q * q;

// B^T times a line of six.
inline void transform_input(const vec* d, int step, vec* r, int r_step) {
    const vec d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step],
              d5 = d[5 * step];
    const vec even_p = d4 - qq * d2, odd_p = p * (d3 - qq * d1);
    const vec even_q = d4 - pp * d2, odd_q = q * (d3 - pp * d1);
    r[0] = (pp * qq) * d0 - (pp + qq) * d2 + d4;
    r[r_step] = even_p + odd_p;
    r[2 * r_step] = even_p - odd_p;
    r[3 * r_step] = even_q + odd_q;
    r[4 * r_step] = even_q - odd_q;
    r[5 * r_step] = (pp * qq) * d1 - (pp + qq) * d3 + d5;
}

// A^T times a line of six.
inline void transform_output(const vec* m, vec* r, int r_step) {
    const vec sum_p = m[1] + m[2], difference_p = m[1] - m[2];
    const vec sum_q = m[3] + m[4], difference_q = m[3] - m[4];
    r[0] = m[0] + sum_p + sum_q;
    r[r_step] = p * difference_p + q * difference_q;
    r[2 * r_step] = pp * sum_p + qq * sum_q;
    r[3 * r_step] = (p * pp) * difference_p + (q * qq) * difference_q + m[5];
}

// A times a line of four.
inline void transform_gradient(const vec* g, int step, vec* r, int r_step) {
    const vec g0 = g[0], g1 = g[step], g2 = g[2 * step], g3 = g[3 * step];
    const vec even_p = g0 + pp * g2, odd_p = p * g1 + (p * pp) * g3;
    const vec even_q = g0 + qq * g2, odd_q = q * g1 + (q * qq) * g3;
    r[0] = g0;
    r[r_step] = even_p + odd_p;
    r[2 * r_step] = even_p - odd_p;
    r[3 * r_step] = even_q + odd_q;
    r[4 * r_step] = even_q - odd_q;
    r[5 * r_step] = g3;
}

// The rows of G.
struct FilterTransform {
    double g[inputs][3];
    constexpr FilterTransform() : g() {
        const double points[] = {p, -p, q, -q};
        g[0][0] = 1 / (pp * qq);
        for (int i = 0; i < 4; ++i) {
            const double x = points[i], other = i < 2 ? qq : pp;
            const double scale = 1 / (2 * x * x * (x * x - other));
            g[i + 1][0] = scale;
            g[i + 1][1] = scale * x;
            g[i + 1][2] = scale * x * x;
        }
        g[5][2] = 1;
    }
};
constexpr FilterTransform G;

// The tiles of all images, one after the other.
struct Tiles {
    const Plane& plane;
    int64_t per_column = (plane.out_rows + outputs - 1) / outputs;
    int64_t per_row = (plane.out_columns + outputs - 1) / outputs;
    int64_t count = plane.batch * per_column * per_row;

    struct Place {
        int64_t image, row, column;  // of the first output
    };
    Place place(int64_t tile) const {
        return {tile / (per_column * per_row), tile / per_row % per_column * outputs,
                tile % per_row * outputs};
    }
};

// One vector of channels of a tile's inputs, zero outside of the image.
template <typename Number>
inline void load_inputs(const Plane& plane, const Number* images, const Tiles::Place& place,
                        int64_t channel, vec* d) {
    const int64_t row = place.row - plane.pad_top, column = place.column - plane.pad_left;
    const Number* from =
        images + ((place.image * plane.rows + row) * plane.columns + column) * plane.in + channel;
    if (row >= 0 && column >= 0 && row + inputs <= plane.rows && column + inputs <= plane.columns) {
        for (int i = 0; i < inputs; ++i)
            for (int j = 0; j < inputs; ++j)
                d[i * inputs + j] = load(from + (i * plane.columns + j) * plane.in);
        return;
    }
    for (int i = 0; i < inputs; ++i)
        for (int j = 0; j < inputs; ++j) {
            const bool inside = row + i >= 0 && row + i < plane.rows && column + j >= 0 &&
                                column + j < plane.columns;
            d[i * inputs + j] =
                inside ? load(from + (i * plane.columns + j) * plane.in) : vec{};
        }
}

// Writes B^T d B of one tile. `to` is its place in the first of the products, which lie
// `product_step` apart; the channels lie in blocks `block_step` apart.
template <typename Number>
inline void write_inputs(const Plane& plane, const Number* images, const Tiles::Place& place,
                         float* to, int64_t product_step, int64_t block_step) {
    for (int64_t channel = 0; channel < plane.in; channel += lanes) {
        vec d[products], half[products];
        load_inputs(plane, images, place, channel, d);
#pragma GCC unroll 6
        for (int j = 0; j < inputs; ++j) transform_input(d + j, inputs, half + j, inputs);
        float* target = to + channel / block_depth * block_step + channel % block_depth;
#pragma GCC unroll 6
        for (int i = 0; i < inputs; ++i) {
            vec r[inputs];
            transform_input(half + i * inputs, 1, r, 1);
#pragma GCC unroll 6
            for (int j = 0; j < inputs; ++j)
                store(target + (i * inputs + j) * product_step, r[j]);
        }
    }
}

// Writes A^T m A of one tile, finished, into the output.
template <typename Number>
inline void write_outputs(const Plane& plane, const Finish<Number>& finish,
                          const Tiles::Place& place, const float* from, int64_t product_step,
                          Number* output) {
    const int64_t high = std::min<int64_t>(outputs, plane.out_rows - place.row);
    const int64_t wide = std::min<int64_t>(outputs, plane.out_columns - place.column);
    const int64_t start =
        ((place.image * plane.out_rows + place.row) * plane.out_columns + place.column) * plane.out;
    for (int64_t channel = 0; channel < plane.out; channel += lanes) {
        vec half[outputs * inputs];
#pragma GCC unroll 6
        for (int j = 0; j < inputs; ++j) {
            vec m[inputs];
#pragma GCC unroll 6
            for (int i = 0; i < inputs; ++i)
                m[i] = load(from + (i * inputs + j) * product_step + channel);
            transform_output(m, half + j, inputs);
        }
        for (int64_t i = 0; i < high; ++i) {
            vec r[outputs];
            transform_output(half + i * inputs, r, 1);
            for (int64_t j = 0; j < wide; ++j) {
                const int64_t at = start + (i * plane.out_columns + j) * plane.out + channel;
                store(output + at, finish(r[j], channel, at));
            }
        }
    }
}

// Writes A g A^T of one tile, in panels of columns `panel_step` apart.
inline void write_gradient(const Plane& plane, const float* gradient, const Tiles::Place& place,
                           float* to, int64_t product_step, int64_t panel_step) {
    const int64_t high = std::min<int64_t>(outputs, plane.out_rows - place.row);
    const int64_t wide = std::min<int64_t>(outputs, plane.out_columns - place.column);
    const float* from = gradient + ((place.image * plane.out_rows + place.row) * plane.out_columns +
                                    place.column) * plane.out;
    for (int64_t channel = 0; channel < plane.out; channel += lanes) {
        vec g[outputs * outputs] = {}, half[inputs * outputs];
        for (int64_t i = 0; i < high; ++i)
            for (int64_t j = 0; j < wide; ++j)
                g[i * outputs + j] = load(from + (i * plane.out_columns + j) * plane.out + channel);
#pragma GCC unroll 4
        for (int j = 0; j < outputs; ++j) transform_gradient(g + j, outputs, half + j, outputs);
        float* target = to + channel / tile_columns * panel_step + channel % tile_columns;
#pragma GCC unroll 6
        for (int i = 0; i < inputs; ++i) {
            vec r[inputs];
            transform_gradient(half + i * outputs, 1, r, 1);
#pragma GCC unroll 6
            for (int j = 0; j < inputs; ++j)
                store(target + (i * inputs + j) * product_step, r[j]);
        }
    }
}

// The distance of one of the 36 products to the next: with an odd number of vectors they do not fall
// onto the same lines of the cache when a tile's are written one after the other.
int64_t apart(int64_t floats) { return (floats / lanes | 1) * lanes; }

// A block of tiles on its way: transformed inputs, products. One thread has it to itself, or all
// work on the same one.
struct Workspace {
    int64_t tiles, depth_blocks, product_pitch, panels;
    int64_t input_size, output_size;  // from one of the 36 products to the next

    Workspace(const Plane& plane, int64_t tiles)
        : tiles(tiles),
          depth_blocks(blocks_of(plane.in, block_depth)),
          product_pitch(plane.out + lanes),
          panels(panels_of(plane.out)),
          input_size(apart(depth_blocks * tiles * pitch)),
          output_size(apart(tiles * product_pitch)) {}
    size_t floats() const { return products * (input_size + output_size); }

    // One panel of columns of one of the 36 products, for `count` tiles.
    void multiply(const Plane& plane, int64_t product, int64_t panel, int64_t count,
                  const float* transformed, const float* packed, float* multiplied) const {
        const float* left = transformed + product * input_size;
        const float* right = packed + (product * panels + panel) * plane.in * tile_columns;
        float* to = multiplied + product * output_size + panel * tile_columns;
        const int64_t piece = even_piece(count, tile_rows);
        const bool whole = plane.out - panel * tile_columns >= tile_columns;
        for (int64_t block = 0; block < depth_blocks; ++block) {
            const int64_t depth = std::min<int64_t>(block_depth, plane.in - block * block_depth);
            for (int64_t tile = 0; tile < count; tile += piece) {
                const auto run = whole ? multiply_rows<tile_vectors, pitch, 1, tile_columns>
                                       : multiply_rows<1, pitch, 1, tile_columns>;
                run((int)std::min(piece, count - tile), depth, left + (block * tiles + tile) * pitch,
                    right + block * block_depth * tile_columns,
                    {to + tile * product_pitch, product_pitch, block > 0});
            }
        }
    }
};

}  // namespace

bool winograd_takes(int64_t in, int64_t out) { return in % lanes == 0 && out % lanes == 0; }

size_t winograd_packed_size(int64_t in, int64_t out) {
    return products * panels_of(out) * in * tile_columns;
}

void winograd_pack(const float* filters, int64_t in, int64_t out, bool transposed,
                   const float* scale, float* packed) {
    const int64_t panels = panels_of(out);
    const int64_t out_step = transposed ? 9 : in * 9, in_step = transposed ? out * 9 : 9;
#pragma omp parallel for collapse(2) schedule(static)
    for (int64_t panel = 0; panel < panels; ++panel)
        for (int64_t c = 0; c < in; ++c) {
            // The same position of all filters of the panel side by side.
            alignas(64) float g[9][tile_columns] = {}, half[inputs * 3][tile_columns];
            const int64_t columns = std::min<int64_t>(tile_columns, out - panel * tile_columns);
            for (int64_t o = 0; o < columns; ++o) {
                const int64_t filter = panel * tile_columns + o;
                const float* from = filters + filter * out_step + c * in_step;
                const float by = scale ? scale[filter] : 1.f;
                for (int k = 0; k < 9; ++k) g[k][o] = by * from[transposed ? 8 - k : k];
            }
            for (int i = 0; i < inputs; ++i)
                for (int j = 0; j < 3; ++j)
                    for (int o = 0; o < tile_columns; ++o)
                        half[i * 3 + j][o] = (float)G.g[i][0] * g[j][o] +
                                             (float)G.g[i][1] * g[3 + j][o] +
                                             (float)G.g[i][2] * g[6 + j][o];
            for (int i = 0; i < inputs; ++i)
                for (int j = 0; j < inputs; ++j) {
                    float* to =
                        packed + (((i * inputs + j) * panels + panel) * in + c) * tile_columns;
                    const float(*line)[tile_columns] = half + i * 3;
                    for (int o = 0; o < tile_columns; ++o)
                        to[o] = (float)G.g[j][0] * line[0][o] + (float)G.g[j][1] * line[1][o] +
                                (float)G.g[j][2] * line[2][o];
                }
        }
}

template <typename Number>
void winograd_convolve(const Plane& plane, const Number* images, const float* packed,
                       const Finish<Number>& finish, Number* output) {
    const Tiles tiles{plane};
    const int64_t threads = omp_get_max_threads();
    // Every block of tiles reads all packed filters: the larger those are, the larger the blocks.
    const int64_t limit = winograd_packed_size(plane.in, plane.out) > (size_t(1) << 20) ? 112 : 56;
    // With few tiles the threads share one block, each multiplying with a part of the filters.
    const bool together = tiles.count < threads * limit / 2 * 3;
    const int64_t parts = together ? 1 : threads;
    const int64_t rounds = blocks_of(tiles.count, parts * limit * (together ? 2 : 1));
    const Workspace work(plane, blocks_of(tiles.count, parts * rounds));
    const int64_t blocks = blocks_of(tiles.count, work.tiles);
    const Scratch scratch(parts * work.floats());

#pragma omp parallel
    {
        float* transformed =
            scratch.data() + (together ? 0 : omp_get_thread_num() * work.floats());
        float* multiplied = transformed + products * work.input_size;
        const auto transform = [&](int64_t first, int64_t tile) {
            write_inputs(plane, images, tiles.place(first + tile), transformed + tile * pitch,
                         work.input_size, work.tiles * pitch);
        };
        const auto finish_tile = [&](int64_t first, int64_t tile) {
            write_outputs(plane, finish, tiles.place(first + tile),
                          multiplied + tile * work.product_pitch, work.output_size, output);
        };
        if (together) {
            for (int64_t block = 0; block < blocks; ++block) {
                const int64_t first = block * work.tiles;
                const int64_t count = std::min(work.tiles, tiles.count - first);
                const Share mine(count), panels(products * work.panels);
                for (int64_t tile = mine.first; tile < mine.last; ++tile) transform(first, tile);
#pragma omp barrier
                for (int64_t i = panels.first; i < panels.last; ++i)
                    work.multiply(plane, i / work.panels, i % work.panels, count, transformed,
                                  packed, multiplied);
#pragma omp barrier
                for (int64_t tile = mine.first; tile < mine.last; ++tile) finish_tile(first, tile);
            }
        } else {
#pragma omp for schedule(dynamic, 1)
            for (int64_t block = 0; block < blocks; ++block) {
                const int64_t first = block * work.tiles;
                const int64_t count = std::min(work.tiles, tiles.count - first);
                for (int64_t tile = 0; tile < count; ++tile) transform(first, tile);
                for (int64_t product = 0; product < products; ++product)
                    for (int64_t panel = 0; panel < work.panels; ++panel)
                        work.multiply(plane, product, panel, count, transformed, packed,
                                      multiplied);
                for (int64_t tile = 0; tile < count; ++tile) finish_tile(first, tile);
            }
        }
    }
}

template void winograd_convolve(const Plane&, const float*, const float*, const Finish<float>&,
                                float*);
template void winograd_convolve(const Plane&, const bfloat16*, const float*,
                                const Finish<bfloat16>&, bfloat16*);

void winograd_grad_filters(const Plane& plane, const float* images, const float* gradient,
                           float* filters) {
    const Tiles tiles{plane};
    const int64_t in_blocks = blocks_of(plane.in, block_depth), panels = panels_of(plane.out);
    // A block's transformed images and gradients stay in the cache; the sums over all blocks,
    // which can be larger, are read and written once per block.
    const int64_t room = (int64_t(16) << 20) / (products * 4 * (plane.in + plane.out));
    const int64_t limit = std::min<int64_t>(block_depth, std::max<int64_t>(64, room));
    const int64_t size = even_piece(tiles.count, limit);
    const int64_t image_size = apart(in_blocks * size * pitch);
    const int64_t slope_size = apart(panels * size * tile_columns);
    const int64_t sum_pitch = panels * tile_columns + lanes;
    const int64_t sum_size = apart(plane.in * sum_pitch);
    const Scratch scratch(products * (image_size + slope_size + sum_size));
    float* transformed = scratch.data();
    float* slopes = transformed + products * image_size;
    float* sums = slopes + products * slope_size;

#pragma omp parallel
    {
        for (int64_t first = 0; first < tiles.count; first += size) {
            const int64_t count = std::min(size, tiles.count - first);
            const Share mine(count), jobs(products * in_blocks * panels);
            for (int64_t tile = mine.first; tile < mine.last; ++tile) {
                const auto place = tiles.place(first + tile);
                write_inputs(plane, images, place, transformed + tile * pitch, image_size,
                             size * pitch);
                write_gradient(plane, gradient, place, slopes + tile * tile_columns, slope_size,
                               size * tile_columns);
            }
#pragma omp barrier
            for (int64_t job = jobs.first; job < jobs.last; ++job) {
                const int64_t product = job / (in_blocks * panels);
                const int64_t block = job / panels % in_blocks, panel = job % panels;
                const int64_t channels =
                    std::min<int64_t>(block_depth, plane.in - block * block_depth);
                const int64_t piece = even_piece(channels, tile_rows);
                const float* left = transformed + product * image_size + block * size * pitch;
                const float* right =
                    slopes + product * slope_size + panel * size * tile_columns;
                float* to = sums + product * sum_size + block * block_depth * sum_pitch +
                            panel * tile_columns;
                for (int64_t channel = 0; channel < channels; channel += piece)
                    multiply_rows<tile_vectors, 1, pitch, tile_columns>(
                        (int)std::min(piece, channels - channel), count, left + channel, right,
                        {to + channel * sum_pitch, sum_pitch, first > 0});
            }
#pragma omp barrier
        }
#pragma omp for schedule(static)
        for (int64_t out = 0; out < plane.out; out += lanes)
            for (int64_t channel = 0; channel < plane.in; ++channel) {
                vec half[3][inputs] = {};
                for (int i = 0; i < inputs; ++i)
                    for (int j = 0; j < inputs; ++j) {
                        const vec m = load(sums + (i * inputs + j) * sum_size +
                                           channel * sum_pitch + out);
                        for (int k = 0; k < 3; ++k) half[k][j] += (float)G.g[i][k] * m;
                    }
                for (int k = 0; k < 3; ++k)
                    for (int l = 0; l < 3; ++l) {
                        vec w = {};
                        for (int j = 0; j < inputs; ++j) w += (float)G.g[j][l] * half[k][j];
                        for (int lane = 0; lane < lanes; ++lane)
                            filters[((out + lane) * plane.in + channel) * 9 + k * 3 + l] = w[lane];
                    }
            }
    }
}

}  // namespace tt
