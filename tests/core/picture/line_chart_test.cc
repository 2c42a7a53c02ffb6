// Where things are drawn, not how pretty.
#include "core/picture/line_chart.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

namespace sgpsam {
namespace {

constexpr Rgb kRed{200, 0, 0}, kBlue{0, 0, 200}, kGreen{0, 120, 0};
constexpr int kWidth = 600, kHeight = 240;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// The pixels of just this colour.
struct Found {
  int count = 0, left = 1 << 20, right = -1, top = 1 << 20, bottom = -1;
  double x() const { return (left + right) / 2.0; }
  double y() const { return (top + bottom) / 2.0; }
};

Found Find(const Picture& picture, const Rgb& colour, int from_row = 0, int to_row = 1 << 20) {
  Found found;
  for (int y = from_row; y < std::min(to_row, picture.height()); ++y) {
    for (int x = 0; x < picture.width(); ++x) {
      if (picture.at(x, y) != colour) continue;
      ++found.count;
      found.left = std::min(found.left, x);
      found.right = std::max(found.right, x);
      found.top = std::min(found.top, y);
      found.bottom = std::max(found.bottom, y);
    }
  }
  return found;
}

constexpr int kLegendRows = 28;  // a single row of legend ends above

Found FindInPlot(const Picture& picture, const Rgb& colour) { return Find(picture, colour, kLegendRows); }

ChartPanel Panel(std::vector<ChartSeries> series, bool log_y = false) {
  return {"loss", std::move(series), log_y};
}

Picture Draw(const ChartPanel& panel) { return DrawCharts({panel}, kWidth, kHeight); }

TEST(DrawCharts, IsAsLargeAsAsked) {
  const Picture picture = DrawCharts({Panel({}), Panel({}), Panel({})}, kWidth, kHeight);
  EXPECT_EQ(picture.width(), kWidth);
  EXPECT_EQ(picture.height(), 3 * kHeight);
}

TEST(DrawCharts, PlacesPointsByTheirValues) {
  const Picture picture =
      Draw(Panel({{"a", kRed, {{0, 0}}}, {"b", kBlue, {{50, 2.5}}}, {"c", kGreen, {{200, 10}}}}));
  const Found a = FindInPlot(picture, kRed), b = FindInPlot(picture, kBlue), c = FindInPlot(picture, kGreen);
  ASSERT_TRUE(a.count > 10 && b.count > 10 && c.count > 10);
  EXPECT_GT(c.x() - a.x(), kWidth * 0.8);
  EXPECT_GT(a.y() - c.y(), kHeight * 0.6);
  EXPECT_NEAR(b.x(), a.x() + (c.x() - a.x()) / 4, 1);
  EXPECT_NEAR(b.y(), a.y() + (c.y() - a.y()) / 4, 1);
}

TEST(DrawCharts, GivesTheXAxisFromTheFirstToTheLastValue) {
  const Picture picture = Draw(Panel({{"a", kRed, {{-20, 0.13}}}, {"b", kBlue, {{30, 1}}}}));
  Found axis;  // the longest row in the colour of the axes
  for (int y = 0; y < kHeight; ++y) {
    const Found row = Find(picture, {40, 40, 40}, y, y + 1);
    if (row.count > axis.count) axis = row;
  }
  EXPECT_NEAR(FindInPlot(picture, kRed).x(), axis.left, 1.5);
  EXPECT_NEAR(FindInPlot(picture, kBlue).x(), axis.right, 1.5);
}

TEST(DrawCharts, PlacesPointsByTheirRatiosOnALogarithmicAxis) {
  const Picture picture =
      Draw(Panel({{"a", kRed, {{0, 1e-5}}}, {"b", kBlue, {{1, 1e-4}}}, {"c", kGreen, {{2, 1e-2}}}}, true));
  const double a = FindInPlot(picture, kRed).y(), b = FindInPlot(picture, kBlue).y(),
               c = FindInPlot(picture, kGreen).y();
  EXPECT_NEAR(b, a + (c - a) / 3, 1);
}

// The colour of the grid: lines are one pixel wide, and nothing else has it.
std::vector<int> GridRows(const Picture& picture) {
  constexpr Rgb kGrid{225, 225, 225};
  std::vector<int> rows;
  for (int y = 0; y < picture.height(); ++y) {
    if (Find(picture, kGrid, y, y + 1).count > kWidth / 2) rows.push_back(y);
  }
  return rows;
}

TEST(DrawCharts, DrawsTheGridWhereTheTicksAre) {
  const Picture picture =
      Draw(Panel({{"a", kRed, {{0, 0.4}}}, {"b", kBlue, {{1, 1}}}, {"c", kGreen, {{2, 0}}}}));
  const std::vector<int> rows = GridRows(picture);  // the lowest one is the axis itself
  ASSERT_FALSE(rows.empty());
  for (const Rgb& colour : {kRed, kBlue}) {
    const double dot = FindInPlot(picture, colour).y();
    EXPECT_TRUE(std::any_of(rows.begin(), rows.end(), [&](int y) { return std::abs(y - dot) <= 1; }));
  }
}

TEST(DrawCharts, JoinsPointsInTheirOrder) {
  const Picture picture = Draw(Panel({{"a", kRed, {{0, 0}, {100, 1}, {100, 0}}}}));
  const Found line = FindInPlot(picture, kRed);
  EXPECT_GT(line.right - line.left, kWidth * 0.8);
  EXPECT_GT(line.bottom - line.top, kHeight * 0.6);
  const int middle_row = static_cast<int>(line.y());
  const Found crossing = Find(picture, kRed, middle_row, middle_row + 1);
  EXPECT_NEAR(crossing.left, line.x(), 4) << "half way up at half way";
  EXPECT_NEAR(crossing.right, line.right, 2) << "straight down at the end";
}

TEST(DrawCharts, LeavesOutPointsThatCannotBeShown) {
  const ChartPanel clean = Panel({{"a", kRed, {{0, 1}, {10, 3}, {20, 2}}}});
  ChartPanel spoiled = clean;
  spoiled.series[0].points = {{-5, kNan},     {0, 1},           {kNan, 2},   {5, kInfinity}, {10, 3},
                              {kInfinity, 3}, {15, -kInfinity}, {12, 1e200}, {20, 2},        {30, kNan}};
  const Picture a = Draw(clean), b = Draw(spoiled);
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) ASSERT_EQ(a.at(x, y), b.at(x, y)) << x << ' ' << y;
  }
}

TEST(DrawCharts, LeavesOutWhatALogarithmCannotShow) {
  const ChartPanel panel = Panel({{"a", kRed, {{0, 0}, {1, -3}}}, {"b", kBlue, {{0, 1}, {1, 100}}}}, true);
  const Picture picture = Draw(panel);
  EXPECT_EQ(FindInPlot(picture, kRed).count, 0);
  EXPECT_GT(FindInPlot(picture, kBlue).count, 100);
}

TEST(DrawCharts, NamesEverySeriesAboveThePlot) {
  const Picture picture = Draw(Panel({{"train", kRed, {}}, {"validation", kBlue, {{0, 1}}}}));
  const Found train = Find(picture, kRed, 0, kLegendRows), validation = Find(picture, kBlue, 0, kLegendRows);
  EXPECT_GT(train.count, 20) << "also without points";
  EXPECT_GT(validation.count, 20);
  EXPECT_GT(validation.left, train.right + 5 * 6) << "there is room for a name between them";
  EXPECT_EQ(train.top, validation.top);
}

TEST(DrawCharts, BreaksALegendThatIsTooLongAndKeepsHalfOfThePanelForThePlot) {
  std::vector<ChartSeries> series;
  for (int n = 0; n < 100; ++n) {
    series.push_back({"a series with a long name", {200, static_cast<uint8_t>(n), 0}, {}});
  }
  series.push_back({"curve", kBlue, {{0, 0}, {1, 1}}});
  const Picture picture = Draw(Panel(series));
  EXPECT_GT(Find(picture, {200, 0, 0}).count, 20);
  EXPECT_GT(Find(picture, {200, 3, 0}).top, Find(picture, {200, 0, 0}).bottom) << "in another row";
  EXPECT_EQ(Find(picture, {200, 99, 0}).count, 0);
  EXPECT_EQ(Find(picture, kBlue, 0, kHeight / 2 - 8).count, 0) << "below the legend";
  EXPECT_GT(Find(picture, kBlue).bottom - Find(picture, kBlue).top, kHeight / 4);
}

TEST(DrawCharts, HasOneXAxisForAllPanels) {
  const Picture picture = DrawCharts(
      {Panel({{"a", kRed, {{0, 0}, {100, 123456}}}}), Panel({{"b", kBlue, {{50, 1}}}})}, kWidth, kHeight);
  const Found line = FindInPlot(picture, kRed), dot = Find(picture, kBlue, kHeight + kLegendRows);
  EXPECT_NEAR(dot.x(), line.x(), 1) << "50 is in the middle although labels are not equally wide";
}

TEST(DrawCharts, DrawsPanelsInTheirOrder) {
  const Picture picture =
      DrawCharts({Panel({{"a", kRed, {{0, 0}}}}), Panel({{"b", kBlue, {{50, 1}}}})}, kWidth, kHeight);
  EXPECT_LT(Find(picture, kRed).bottom, kHeight);
  EXPECT_GE(Find(picture, kBlue).top, kHeight);
}

TEST(DrawCharts, ShowsAConstantInTheMiddleOfThePlot) {
  for (const double value : {0.0, 1.0, 1e-4, -3e7, 1e99}) {
    const Picture picture = Draw(Panel({{"a", kRed, {{0, value}, {1, value}}}}));
    const Found line = FindInPlot(picture, kRed);
    EXPECT_GT(line.right - line.left, kWidth / 2) << value;
    EXPECT_GT(line.top, kLegendRows + 20) << value;
    EXPECT_LT(line.bottom, kHeight - 40) << value;
  }
}

// Pixels of letters in the middle of the plot.
int CountInkInside(const Picture& picture) {
  int count = 0;
  for (int y = kLegendRows; y < kHeight - 40; ++y) {
    for (int x = kWidth / 4; x < kWidth * 3 / 4; ++x) {
      const Rgb& pixel = picture.at(x, y);
      count += pixel[0] < 120 && pixel[0] == pixel[1] && pixel[1] == pixel[2] ? 1 : 0;
    }
  }
  return count;
}

TEST(DrawCharts, SaysThatThereAreNoData) {
  EXPECT_GT(CountInkInside(Draw(Panel({}))), 20);
  EXPECT_GT(CountInkInside(Draw(Panel({{"a", kRed, {{0, kNan}}}}))), 20);
  EXPECT_EQ(CountInkInside(Draw(Panel({{"a", kRed, {}}, {"b", kBlue, {{0, 1}}}}))), 0);
}

TEST(DrawCharts, DrawsNoPanelsAsOneEmptyPicture) {
  const Picture picture = DrawCharts({}, kWidth, kHeight);
  EXPECT_EQ(picture.height(), kHeight);
  EXPECT_EQ(Find(picture, {255, 255, 255}).count, kWidth * kHeight);
}

TEST(DrawCharts, StaysUsableWhenSmall) {
  const Picture picture =
      DrawCharts({Panel({{"a", kRed, {{1e-100, -1.2345678e100}, {1, 1.2345678e100}}}})}, 0, -7);
  EXPECT_EQ(picture.width(), 240);
  EXPECT_EQ(picture.height(), 120);
  EXPECT_GT(Find(picture, kRed).count, 20);
}

}  // namespace
}  // namespace sgpsam
