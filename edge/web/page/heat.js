// Where the evidence lies, drawn over the picture: nothing where there is none, through yellow to red where there is most.

const small = document.createElement("canvas");

export function draw(canvas, video, map) {
  [canvas.width, canvas.height] = [video.width, video.height];
  [small.width, small.height] = [map.columns, map.rows];
  const pen = small.getContext("2d"), image = pen.createImageData(map.columns, map.rows);
  map.values.forEach((value, at) => {
    const share = value / 255;
    image.data.set([255, Math.round(215 * (1 - share)), 20, Math.round(190 * share ** 1.2)], at * 4);
  });
  pen.putImageData(image, 0, 0);
  const [left, top, width, height] = map.box, brush = canvas.getContext("2d");
  brush.imageSmoothingQuality = "high";
  brush.clearRect(0, 0, canvas.width, canvas.height);
  brush.drawImage(small, left * canvas.width, top * canvas.height, width * canvas.width, height * canvas.height);
}
