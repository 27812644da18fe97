// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/simd/elementwise.hpp"
#include "kernels/simd/sigmoid.hpp"

namespace xtape::kernels {

struct Silu;

namespace {

// x sigmoid(x)
struct SiluFunction {
  template <class Precision>
  XTAPE_INLINE static Wide value(Wide x) {
    return above_lowest(x) * SigmoidFunction::value<Precision>(x);
  }
  // With e = e^-|x| it is (1 + e (1 + x)) / (1 + e)^2, below 0 e (e + 1 + x) / (1 + e)^2.
  template <class Precision>
  XTAPE_INLINE static Wide derivative(Wide x) {
    const Wide e = decay<Precision>(x), one(1.0);
    const Wide bounded = xsimd::select(x > Wide(800.0), Wide(800.0), above_lowest(x));
    const Wide above = bounded + one;
    const Wide numerator =
        where_negative(x, e * sum_below_0<Precision>(bounded, e, above), multiply_add(e, above, one));
    return over_square_of_1_plus<Precision>(numerator, e);
  }

 private:
  // e^x + 1 + x. Near its zero, where the parts cancel, it is d q(d) with the distance d from it:
  // interpolated at Chebyshev's nodes, with relative errors of 2^-37 and 2^-53.
  template <class Precision>
  XTAPE_INLINE static Wide sum_below_0(Wide x, Wide e, Wide above) {
    static constexpr double of_single[] = {1.2784645427610737,   0.13923227156518092,  0.0464107571473571,
                                           0.011602665649325935, 0.002320535231060346, 0.0003875123488635693,
                                           5.53348924689485e-05};
    static constexpr double of_double[] = {
        1.278464542761074,     0.1392322713805369,     0.04641075712683523,    0.011602689281710541,
        0.0023205378576741384, 0.00038675630950135324, 5.5250841679849726e-05, 6.906357696492319e-06,
        7.684643590356628e-07, 7.682824862790272e-08};
    const Wide d = distance(x, -1.2784645427610737, -1.0946994183093437e-16);
    Wide near_zero;
    if constexpr (std::is_same_v<Precision, Single>)
      near_zero = d * polynomial(of_single, d);
    else
      near_zero = d * polynomial(of_double, d);
    return xsimd::select(xsimd::abs(d) < Wide(0.25), near_zero, e + above);
  }

  // -inf times 0 is no number. Below -800 the sigmoid is 0.
  XTAPE_INLINE static Wide above_lowest(Wide x) { return xsimd::select(x < Wide(-800.0), Wide(-800.0), x); }
};

}  // namespace

XTAPE_KERNEL(Unary<Silu>, over_wide<SiluFunction, T>);

}  // namespace xtape::kernels
