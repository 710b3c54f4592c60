static inline uint32_t bits_of(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float float_of(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static void round_bfloat16(size_t count, float *x) {
    for (size_t i = 0; i < count; i++) {
        const uint32_t bits = bits_of(x[i]);
        x[i] = float_of((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000u);
    }
}

static void pack_bfloat16(size_t count, const float *x, uint16_t *packed) {
    for (size_t i = 0; i < count; i++) packed[i] = (uint16_t)(bits_of(x[i]) >> 16);
}

static void unpack_bfloat16(size_t count, const uint16_t *packed, float *x) {
    for (size_t i = 0; i < count; i++) x[i] = float_of((uint32_t)packed[i] << 16);
}
