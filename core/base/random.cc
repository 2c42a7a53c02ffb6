#include "core/base/random.h"

#include <cmath>

#include "absl/numeric/int128.h"

namespace sgpsam {
namespace {

// Where the normal distribution has the probability p below it, to 16 digits; p is inside 0 to 1. The
// inverse rather than Box and Muller's formula: one draw for one number, and of seven numbers six need no
// logarithm. Wichura, algorithm AS 241: the percentage points of the normal distribution, Applied
// Statistics 37 (1988); its coefficients, constant term first.
constexpr int kTerms = 8;
constexpr double kMiddle[2][kTerms] = {
    {3.3871328727963666080, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
     4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3},
    {1, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3, 2.1213794301586595867e4,
     3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3}};
constexpr double kTail[2][kTerms] = {
    {1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550, 3.64784832476320460504,
     1.27045825245236838258, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4},
    {1, 2.05319162663775882187, 1.67638483018380384940, 6.89767334985100004550e-1, 1.48103976427480074590e-1,
     1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9}};
constexpr double kFarTail[2][kTerms] = {
    {6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580, 2.96560571828504891230e-1,
     2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5,
     2.01033439929228813265e-7},
    {1, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
     7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
     2.04426310338993978564e-15}};

double Polynomial(const double (&terms)[kTerms], double x) {
  double sum = terms[kTerms - 1];
  for (int n = kTerms - 2; n >= 0; --n) sum = sum * x + terms[n];
  return sum;
}

double Ratio(const double (&terms)[2][kTerms], double x) {
  return Polynomial(terms[0], x) / Polynomial(terms[1], x);
}

double NormalQuantile(double p) {
  const double q = p - 0.5;
  if (std::abs(q) <= 0.425) return q * Ratio(kMiddle, 0.180625 - q * q);
  const double r = std::sqrt(-std::log(q < 0 ? p : 1 - p));
  const double distance = r <= 5 ? Ratio(kTail, r - 1.6) : Ratio(kFarTail, r - 5);
  return q < 0 ? -distance : distance;
}

}  // namespace

// Lemire, Fast random integer generation in an interval, ACM TOMACS 29 (2019).
uint64_t Random::Below(uint64_t n) {
  absl::uint128 product = absl::uint128(Next()) * n;
  if (absl::Uint128Low64(product) < n) {
    const uint64_t surplus = -n % n;  // the first numbers would get this many products more than the others
    while (absl::Uint128Low64(product) < surplus) product = absl::uint128(Next()) * n;
  }
  return absl::Uint128High64(product);
}

double Random::Normal() { return NormalQuantile((static_cast<double>(Next() >> 12) + 0.5) * 0x1p-52); }

}  // namespace sgpsam
