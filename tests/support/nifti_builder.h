// NIfTI files for tests, field by field: either version, either byte order, and wrong where a test asks.
#ifndef SGPSAM_TESTS_SUPPORT_NIFTI_BUILDER_H_
#define SGPSAM_TESTS_SUPPORT_NIFTI_BUILDER_H_

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace sgpsam {

class NiftiBuilder {
 public:
  explicit NiftiBuilder(int version = 1, bool swapped = false) : wide_(version == 2), swapped_(swapped) {}

  std::vector<int64_t> dim{3, 4, 3, 2, 1, 1, 1, 1};
  int datatype = 4;  // int16
  std::array<double, 4> pixdim{1, 2, 3, 4};
  double offset = -1;  // -1: right after the header
  double slope = 0, intercept = 0;
  int units = 2;  // mm
  int qform_code = 0, sform_code = 0;
  std::array<double, 3> quaternion{}, qoffset{};
  std::array<double, 12> srow{};  // RAS, row by row
  std::string magic;              // default: the version's
  std::string extension;          // between header and samples

  template <typename T>
  NiftiBuilder& Samples(const std::vector<T>& values) {
    samples_.clear();
    for (T value : values) Append(samples_, value);
    return *this;
  }

  std::string Build() const {
    std::string file(wide_ ? 544 : 352, '\0');
    Put<int32_t>(file, 0, wide_ ? 540 : 348);
    const std::string mark = !magic.empty() ? magic
                             : wide_        ? std::string("n+2\0\r\n\x1a\n", 8)
                                            : std::string("n+1\0", 4);
    std::memcpy(file.data() + (wide_ ? 4 : 344), mark.data(), mark.size());
    for (size_t n = 0; n < 8; ++n)
      wide_ ? Put<int64_t>(file, 16 + 8 * n, dim[n]) : Put<int16_t>(file, 40 + 2 * n, dim[n]);
    Put<int16_t>(file, wide_ ? 12 : 70, datatype);
    for (size_t n = 0; n < 4; ++n) PutReal(file, wide_ ? 104 : 76, n, pixdim[n]);
    const double start = offset >= 0 ? offset : static_cast<double>(file.size() + extension.size());
    wide_ ? Put<int64_t>(file, 168, start) : Put<float>(file, 108, start);
    PutReal(file, wide_ ? 176 : 112, 0, slope);
    PutReal(file, wide_ ? 184 : 116, 0, intercept);
    wide_ ? Put<int32_t>(file, 500, units) : Put<uint8_t>(file, 123, units);
    wide_ ? Put<int32_t>(file, 344, qform_code) : Put<int16_t>(file, 252, qform_code);
    wide_ ? Put<int32_t>(file, 348, sform_code) : Put<int16_t>(file, 254, sform_code);
    for (size_t n = 0; n < 3; ++n) PutReal(file, wide_ ? 352 : 256, n, quaternion[n]);
    for (size_t n = 0; n < 3; ++n) PutReal(file, wide_ ? 376 : 268, n, qoffset[n]);
    for (size_t n = 0; n < 12; ++n) PutReal(file, wide_ ? 400 : 280, n, srow[n]);
    return file + extension + samples_;
  }

 private:
  template <typename T>
  std::string Bytes(T value) const {
    std::string raw(sizeof(T), '\0');
    std::memcpy(raw.data(), &value, sizeof(T));
    if (swapped_) std::reverse(raw.begin(), raw.end());
    return raw;
  }
  template <typename T>
  void Append(std::string& out, T value) const {
    out += Bytes(value);
  }
  template <typename T, typename V>
  void Put(std::string& file, size_t at, V value) const {
    std::memcpy(file.data() + at, Bytes(static_cast<T>(value)).data(), sizeof(T));
  }
  void PutReal(std::string& file, size_t at, size_t n, double value) const {
    wide_ ? Put<double>(file, at + 8 * n, value) : Put<float>(file, at + 4 * n, value);
  }

  const bool wide_, swapped_;
  std::string samples_;
};

// One gzip member.
inline std::string Gzipped(const std::string& bytes) {
  z_stream z{};
  deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&z, bytes.size()), '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  z.avail_in = static_cast<uInt>(bytes.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

}  // namespace sgpsam

#endif  // SGPSAM_TESTS_SUPPORT_NIFTI_BUILDER_H_
