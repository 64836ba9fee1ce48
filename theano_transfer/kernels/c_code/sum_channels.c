#section support_code_struct

int APPLY_SPECIFIC(sum_channels)(PyArrayObject* images, PyArrayObject** output) {
    return tt::sum_channels(images, output);
}
