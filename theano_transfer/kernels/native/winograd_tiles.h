// Tiles of minimal filtering: how inputs, filters, outputs and gradients are transformed.
#pragma once

#include "tiles.h"

namespace tt {
namespace {

constexpr int outputs = 4, inputs = 6, products = inputs * inputs;
using Place = Tiles<outputs>::Place;

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

// G times a line of three.
inline void transform_filter(const vec* g, int step, vec* r, int r_step) {
    const vec g0 = g[0], g1 = g[step], g2 = g[2 * step];
    const auto line = [](int i, int j) { return (float)G.g[i][j]; };
    const vec even_p = line(1, 0) * g0 + line(1, 2) * g2, odd_p = line(1, 1) * g1;
    const vec even_q = line(3, 0) * g0 + line(3, 2) * g2, odd_q = line(3, 1) * g1;
    r[0] = line(0, 0) * g0;
    r[r_step] = even_p + odd_p;
    r[2 * r_step] = even_p - odd_p;
    r[3 * r_step] = even_q + odd_q;
    r[4 * r_step] = even_q - odd_q;
    r[5 * r_step] = g2;
}

// Writes B^T d B of one tile. `to` is its place in the first of the products, which lie
// `product_step` apart; the channels lie in blocks `block_step` apart.
inline void write_inputs(const Plane& plane, const float* images, const Place& place,
                         float* to, int64_t product_step, int64_t block_step) {
    for (int64_t channel = 0; channel < plane.in; channel += lanes) {
        vec d[products], half[products];
        load_inputs<inputs>(plane, images, place, channel, d);
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

// Writes A^T m A of one tile, finished, into `width` channels of the output, of which the first is
// number `first`.
inline void write_outputs(const Plane& plane, const Finish<float>& finish,
                          const Place& place, const float* from, int64_t product_step,
                          int64_t first, int64_t width, float* output) {
    for (int64_t channel = 0; channel < width; channel += lanes) {
        vec half[outputs * inputs];
#pragma GCC unroll 6
        for (int j = 0; j < inputs; ++j) {
            vec m[inputs];
#pragma GCC unroll 6
            for (int i = 0; i < inputs; ++i)
                m[i] = load(from + (i * inputs + j) * product_step + channel);
            transform_output(m, half + j, inputs);
        }
        for (int64_t i = 0; i < place.high; ++i) {
            vec r[outputs];
            transform_output(half + i * inputs, r, 1);
            write_row(plane, finish, place, i, first + channel, r, output);
        }
    }
}

// Writes A g A^T of one tile, in panels of columns `panel_step` apart.
inline void write_gradient(const Plane& plane, const float* gradient, const Place& place,
                           float* to, int64_t product_step, int64_t panel_step) {
    const float* from = gradient + ((place.image * plane.out_rows + place.row) * plane.out_columns +
                                    place.column) * plane.out;
    for (int64_t channel = 0; channel < plane.out; channel += lanes) {
        vec g[outputs * outputs] = {}, half[inputs * outputs];
        for (int64_t i = 0; i < place.high; ++i)
            for (int64_t j = 0; j < place.wide; ++j)
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

}  // namespace
}  // namespace tt
