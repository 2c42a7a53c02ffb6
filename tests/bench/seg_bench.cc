// How long a SEG takes to write, serialisation included, and a native series to read.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "core/dicom/ct/ct_series_writer.h"
#include "core/dicom/seg/seg_writer.h"
#include "core/dicom/series/series_reader.h"

namespace sgpsam {
namespace {

constexpr int64_t kSide = 512, kSlices = 300;

std::vector<ByteBuffer> CtFiles(int64_t side, int64_t slices) {
  const Geometry geometry =
      Geometry::Create({side, side, slices}, {-180, -180, 0}, {{{0.7, 0, 0}, {0, 0.7, 0}, {0, 0, 1}}})
          .value();
  ByteBuffer samples = ByteBuffer::Zeroed(static_cast<size_t>(side * side * slices) * 2).value();
  const Volume volume = Volume::Create(geometry, SampleType::kInt16, std::move(samples)).value();
  const std::vector<std::string> written = WriteCtSeries(volume, {}).value();
  std::vector<ByteBuffer> files;
  for (const std::string& bytes : written) files.push_back(ByteBuffer::CopyOf(bytes).value());
  return files;
}

// A ball that reaches every slice, so that no frame is left out.
Mask Ball(const Shape& shape) {
  Mask mask(shape);
  for (int64_t k = 0; k < shape.k; ++k) {
    for (int64_t j = 0; j < shape.j; ++j) {
      for (int64_t i = 0; i < shape.i; ++i) {
        const int64_t x = i - shape.i / 2, y = j - shape.j / 2, z = k - shape.k / 2;
        if (x * x + y * y + z * z < 160 * 160) mask.Set(i, j, k);
      }
    }
  }
  return mask;
}

// Side of a slice: 512 is a multiple of eight bits, 511 is not and shifts every frame.
void WritesSeg(benchmark::State& state) {
  const DicomSeries read = ReadSeries(CtFiles(state.range(0), kSlices), {}, {}).value();
  const Mask mask = Ball(read.volume.geometry().shape());
  Segment segment;
  segment.mask = &mask;
  const SegIdentity identity = MakeSegIdentity("bench", 1);
  size_t bytes = 0;
  for (auto _ : state) {
    const std::string seg = WriteSeg(read.info, read.volume.geometry(), {&segment, 1}, identity).value();
    bytes = seg.size();
    benchmark::DoNotOptimize(seg.data());
  }
  state.counters["seg_bytes"] = static_cast<double>(bytes);
}
BENCHMARK(WritesSeg)->Arg(kSide)->Arg(kSide - 1)->Unit(benchmark::kMillisecond);

void ReadsNativeSeries(benchmark::State& state) {
  int64_t bytes = 0;
  for (auto _ : state) {
    state.PauseTiming();
    std::vector<ByteBuffer> files = CtFiles(kSide, state.range(0));
    state.ResumeTiming();
    const DicomSeries read = ReadSeries(std::move(files), {}, {}).value();
    bytes += static_cast<int64_t>(read.volume.samples().size());
  }
  state.SetBytesProcessed(bytes);
}
BENCHMARK(ReadsNativeSeries)->Arg(kSlices)->Unit(benchmark::kMillisecond)->Iterations(3);

}  // namespace
}  // namespace sgpsam
