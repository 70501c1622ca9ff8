"""What a user would pick instead of aforo; each module is a program.

`python -m benchmarks.peers.<name> FOLDER`, where FOLDER is what `benchmarks.peers.question` wrote. A program
writes `answer.parquet` there: rows (indice_origen, h, unique_id, yhat), students of a cell. One that answers
for a part alone writes `sample.json`, too (`benchmarks.peers.judging.Sample`).
"""
