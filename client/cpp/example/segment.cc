// Segments what is at one click and writes the DICOM-SEG: segment HOST:PORT SERIES X Y Z OUT.dcm
#include <cstdlib>
#include <fstream>
#include <iostream>

#include "sgpsam/client.h"

int main(int argc, char** argv) {
  if (argc != 7) return 2;
  namespace sgpsam = sgpsam::client;
  const auto client = sgpsam::Client::Connect(argv[1]);
  const auto series = sgpsam::Volume::FromPath(argv[2]);
  if (!series.ok()) return std::cerr << series.status() << "\n", 1;
  sgpsam::SegmentRequest request(*series);
  const auto click = sgpsam::Position::PatientMm(std::atof(argv[3]), std::atof(argv[4]), std::atof(argv[5]));
  request.targets = {{.clicks = {{click}}, .label = "Lesion"}};
  const auto result = client->Segment(request);
  if (!result.ok()) return std::cerr << result.status() << "\n", 1;
  std::ofstream(argv[6], std::ios::binary) << result->file;
  std::cout << result->targets[0].volume_ml << " ml\n";
}
