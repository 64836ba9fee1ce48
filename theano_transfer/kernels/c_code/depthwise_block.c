#section support_code_struct

tt::PackedStages packed;  // Aesara fills the struct that this becomes part of with zeros

// `settings` holds those of two or three stages: the fields of ConvolutionParams, then which parts
// a stage has (bias, normalisation, residual).
int APPLY_SPECIFIC(depthwise_block)(
    PyArrayObject* images, PyArrayObject* a, PyArrayObject* b, PyArrayObject* c, PyArrayObject* d,
    PyArrayObject* e, PyArrayObject* f, PyArrayObject* g, PyArrayObject* h, PyArrayObject* i,
    PyArrayObject* j, PyArrayObject* k, PyArrayObject* l, PyArrayObject* m, PyArrayObject* n,
    PyArrayObject* o, PyArrayObject* p, PyArrayObject* q, PyArrayObject* r, PyArrayObject* s,
    PyArrayObject* t, PyArrayObject* u, PyArrayObject* v, PyArrayObject** output,
    PyObject* settings) {
    PyArrayObject* others[] = {a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v};
    PyArrayObject** next = others;
    PyArrayObject* residual = nullptr;
    constexpr int fields = sizeof(tt::ConvolutionParams) / sizeof(int64_t);
    const int count = (int)PyTuple_GET_SIZE(settings) / (fields + 3);
    tt::Stage stages[3] = {};
    for (int stage = 0; stage < count; ++stage) {
        int64_t setting[fields + 3];
        for (int field = 0; field < fields + 3; ++field)
            setting[field] =
                PyLong_AsLongLong(PyTuple_GET_ITEM(settings, stage * (fields + 3) + field));
        tt::Stage& s = stages[stage];
        memcpy(&s.params, setting, sizeof s.params);
        s.filters = *next++;
        if (setting[fields]) s.bias = *next++;
        s.normalises = setting[fields + 1];
        if (s.normalises) {
            s.normalisation = {next[0], next[1], next[2], next[3], next[4]};
            next += 5;
        }
        if (setting[fields + 2]) residual = *next++;
    }
    return tt::convolve_block(stages, count, packed, images, residual, output);
}

#section cleanup_code_struct

tt::release(packed);
