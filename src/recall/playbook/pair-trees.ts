// Fitted by scripts/fit-pair-trees.ts, seed 7: do not edit, fit again.
import { readTrees } from "./boosted-trees.ts";

export const PAIR_TREES = readTrees(
  -0.2298,
  `
  content_breaks>2 inversions>0.07273 content_in_order>0.8462
    | 0.1779 -0.007036 0.1132 -0.2526 0.392 0.1914 0.2164 -0.06283
  content_breaks>2 inversions>0.08571 exchange_share>0.2321
    | 0.2957 0.05854 0.1852 -0.1676 0.125 0.02926 -0.129 -0.2334
  chunks>4 displacement>0.25 exchange_content>3
    | 0.2682 0.08147 0.127 -0.1685 -0.05468 -0.2227 -0.2233 -0.235
  content_in_order>0.8333 exchange_content>3 other_prepositions>1
    | -0.06466 0.2207 -0.2009 -0.212 -0.2607 -0.1611 -0.2093 -0.07335
  chunks>4 content_in_order>0.7143 heads_exchanged>0
    | -0.01576 -0.1291 0.218 0.01305 -0.149 -0.2001 0.009261 -0.1069
  content_break_share>0.2143 chunks>4 exchange_content>3
    | 0.189 0.07911 0.06987 -0.08531 -0.09585 -0.1703 -0.07968 -0.179
  chunks>3 content_breaks>3 exchange>3
    | 0.1873 0.03599 0 -0.1111 -0.02201 -0.1935 0 -0.1476
  displacement>0.25 modifiers_replaced>0 other_prepositions>1
    | 0.1698 -0.03059 0.005505 -0.1319 -0.1482 -0.2125 -0.171 -0.1545
  skip>0.4286 content_breaks>2 bigrams>0.6429
    | 0.006081 0.04661 -0.1187 0.04239 0.1063 0.1575 -0.1628 -0.07749
  content_in_order>0.875 other_prepositions>1 modifiers_replaced>1
    | -0.0009926 0.1673 -0.2232 -0.08555 -0.1442 -0.02479 -0.08969 0
  inversions>0.1455 heads_exchanged>0 other_prepositions>1
    | 0.1024 -0.05091 -0.03932 -0.1388 -0.1651 -0.1681 -0.07602 -0.09997
  chunks>3 skip>0.3684 edits>0.25
    | -0.0506 -0.1483 0.1194 -0.05255 0.1474 -0.08966 0.1341 0.06339
  content_break_share>0.3038 exchange_content>3 words>0.8182
    | -0.1324 -0.1083 0.00185 -0.06208 0.08122 -0.03054 -0.1219 -0.127
  displacement>0.375 modifiers_replaced>0 other_prepositions>1
    | 0.1037 -0.05524 -0.01949 -0.09784 -0.1245 -0.1526 -0.1494 -0.08287
  displacement>0.4286 other_inversions>0.04444 content_breaks>2
    | 0.05526 0.002753 0.05768 0.0392 0.07024 -0.1026 -0.07698 -0.1192
  chunks>3 words>0.7778 exchange>3
    | -0.1322 -0.168 0.1054 0.001549 0 -0.02121 -0.01947 -0.1183
  displacement>0.5455 skip_any>0.875 exchange>3
    | 0.00994 -0.07242 0.1442 -0.0897 -0.06052 -0.1599 -0.1277 -0.02634
  content_in_order>0.875 moved>0.2353 inversions>0.2827
    | -0.08925 0.09884 0.02652 0.03941 -0.04528 0 -0.07705 0.03054
  skip>0.7391 modifiers_replaced>1 chunk_share>0.3636
    | 0.01372 0.1221 -0.1095 0.005758 -0.02736 -0.08479 -0.08451 0.08273
  other_prepositions>1 displacement>0.5455 heads_exchanged>0
    | 0.05011 -0.1627 -0.05762 -0.08219 -0.03704 -0.07206 -0.07091 -0.03712
  words>0.7778 content_breaks>3 edits>0.25
    | -0.165 -0.01722 0.03019 -0.08502 -0.1794 0.07468 -0.03833 -0.0129
  exchange_content>3 exchange_content>2 in_order>0.7
    | 0.0353 0 -0.07363 -0.06637 -0.03374 0 0.1146 -0.09128
  other_prepositions>1 skip>0.8261 in_order>0.8
    | -0.002051 -0.1633 -0.159 -0.01746 -0.005003 -0.09477 0.1667 -0.0314
  other_prepositions>1 words>0.8235 skip_turned>0.1031
    | -0.07798 -0.003453 0.05275 -0.09944 -0.07906 -0.04708 -0.01868 -0.1431
  words>0.7778 exchange_share>0.2 inversions>0.2222
    | -0.1818 0.02235 -0.009698 0.01286 -0.1064 0.06231 0.01808 -0.1045
  edits>0.4 same_behind>0.4615 content_break_share>0.375
    | 0.0463 0.05052 -0.01126 0.09714 0.0293 -0.04149 -0.1297 0.104
  edits>0.2308 skip>0.8261 exchange_share>0.1339
    | -0.09145 0.09186 0.1275 -0.1094 -0.05076 -0.01533 0.07305 0.03659
  other_prepositions>1 edits>0.2 other_inversions>0.04444
    | 0.01447 -0.03184 0.03414 -0.1497 -0.172 0.04677 0.007516 -0.09391
  displacement>0.5455 moved>0.6667 pairs_broken>0.1667
    | 0.01299 -0.1315 0.101 0.04734 0.002121 -0.1482 -0.04543 -0.08433
  skip>0.3333 edits>0.4 in_order>0.7778
    | -0.1242 -0.08172 -0.01744 0.09292 -0.03507 0.02286 0 0.03333
  shared_names>12 content_in_order>0.9 bigrams>0.6923
    | -0.00802 0.184 0.04129 0.005524 -0.06969 -0.003877 0.09794 -0.08453
  other_prepositions>1 displacement>0.4444 content_trigrams>0.3333
    | 0.04815 -0.1326 -0.05572 -0.09671 -0.01583 -0.06185 0.008834 0.04399
  words>0.7778 grammar_words>0.5857 exchange_content>3
    | -0.04143 0.1488 -0.1362 0.007609 -0.01447 0.06518 0.0321 -0.07305
  edits>0.2 in_order>0.7895 content_break_share>0
    | 0 -0.2591 0.04361 0.0625 0 -0.01121 -0.08504 0.1055
  edits>0.3125 skip>0.4054 exchange_content>2
    | -0.1332 0.02358 -0.04458 0.0485 -0.06028 -0.05087 0.05797 0.08454
  other_prepositions>1 same_before>0.9 shared_names>11
    | -0.00839 -0.1305 0.07633 -0.01136 0.07698 -0.06539 -0.02354 0.0653
  pairs_broken>0.08333 exchange_content>3 exchange_content>2
    | 0.01215 -0.04297 0 0 0.05332 0.04887 0.09211 -0.1063
  edits>0.4545 content_in_order>0.6667 content_bigrams>0.2
    | 0.05554 -0.003625 0.1077 -0.05251 -0.1382 0.01412 -0.001964 0.1299
  skip_turned>0.1031 length>3.664 inversions>0.2827
    | -0.01488 0.03664 0.04732 -0.06839 0.09861 -0.06217 -0.05613 -0.08726
  grammar_words>0.5857 skip>0.7391 in_order>0.8
    | 0.1029 -0.01393 -0.04521 -0.07889 0.06631 -0.009889 0.03503 0.0841
  displacement>0.6056 moved>0.7333 exchange_content>2
    | -0.01853 -0.1472 0.04557 0.02593 0.04162 -0.1192 -0.01521 -0.05328
  other_prepositions>1 modifiers_replaced>1 same_behind>0.7
    | 0.01099 -0.1215 -0.01528 -0.04385 0.01547 -0.06132 -0.1541 0.07513
  edits>0.3125 in_order>0.7778 chunk_share>0.4091
    | -0.1043 0.05213 -0.008825 0.1176 -0.1113 -0.05463 0.08554 0.1179
  edits>0.2308 skip>0.9 content_in_order>0.7368
    | -0.08568 -0.01269 0 0 -0.0374 0.05793 0.1444 -0.07419
  exchange>2.5 chunks>4 other_inversions>0.04444
    | 0.009781 -0.05093 -0.01178 0.0807 0.06522 0.02514 -0.06928 -0.02098
  length>3.912 skip_turned>0.1234 exchange_share>0.1339
    | 0.003329 -0.0372 0.0731 -0.04686 0.02905 0.01991 -0.03178 -0.1562
  edits>0.5 inversions>0.3056 content_break_share>0.6
    | -0.004729 0.06293 -0.1212 0.05335 0.1245 -0.002363 -0.03103 -0.08602
  words>0.8235 length_gap>0.08004 length_gap>0.1054
    | -0.116 0.003284 0.1062 -0.01304 0 0 -0.07935 0.05453
  same_first>0 edits>0.1818 in_order>0.8125
    | 0 0 -0.02744 -0.002141 -0.1738 0.004259 0.08925 0.0756
  chunk_share>0.2381 exchange>2.5 edits>0.1818
    | -0.01053 -0.1198 0.04129 0.05101 0.09978 -0.02055 -0.08204 0.03007
  pairs_broken>0.08333 repeated>0 content_edits>0.1429
    | 0.05919 -0.04387 -0.02794 -0.1966 0.02511 -0.0118 -0.1169 0.01197
  lost_neighbour_share>0.3333 bigrams>0.3158 same_before>0.4248
    | 0.01632 0.0232 -0.1145 0.07049 -0.1575 0.02955 -0.001212 0.01419
  content_words>0.8182 exchange_content_share>0.5 exchange_content>2
    | -0.04945 0.02539 -0.0385 -0.1072 -0.03104 0.007353 0.07023 0.01292
  prepositions>0.4 shared_names>10 skip_any>0.6522
    | -0.04513 -0.01339 0.1459 0.03458 -0.07334 0.0498 0.01867 -0.05483
  other_prepositions>1 pairs_broken>0.08333 exchange>3
    | 0.01613 -0.09231 0.001984 -0.02814 0.1631 -0.06672 -0.1394 -0.007738
  grammar_words>0.5857 repeated>0 chunks>3
    | -0.0000228 0.06091 0 -0.1554 0.1179 -0.009978 -0.061 -0.01291
  lost_neighbour_share>0.3333 chunk_share>0.4375 content_in_order>0.7273
    | -0.01676 -0.04998 -0.08725 0.05053 0.01077 0.1302 -0.08954 0.06437
  edits>0.4 displacement>0.3 exchange_repairs>0
    | -0.02916 0.158 0.003477 0.02307 0.03401 0.03832 -0.074 -0.007184
  other_prepositions>0 name_inversions>0 bigrams>0.6563
    | -0.03243 0.03549 0.04461 -0.07731 0.02761 -0.03007 -0.06368 -0.04954
  displacement>0.6056 edits>0.5 in_order>0.6316
    | -0.03088 -0.06793 -0.02563 -0.02653 0.001902 -0.07646 0.1256 0.1014
  left_over_names>0 prepositions>0.5 content_trigrams>0.1429
    | -0.04655 -0.04933 0.03199 0.01178 0.03365 -0.1177 -0.0009767 0.01268
  shared_names>12 length>3.932 pairs_broken_count>2
    | 0.004336 0.1502 -0.05339 -0.05468 -0.07655 0.01365 0.07939 -0.01295
  skip_turned>0.07217 pairs_broken_count>1 bigrams>0.5556
    | -0.02612 0.02449 0.09924 -0.01278 0.01528 -0.04183 0.05012 -0.06899
  same_first>0 moved>0.5 inversions>0.1455
    | -0.04964 0.007261 0.07948 0.05512 -0.1516 0.02825 0.002911 -0.008344
  same_before>0.4444 pairs_broken>0.4694 other_inversions>0.04444
    | 0.03299 0.004321 0.007674 0.03268 0.1461 -0.02408 -0.0625 -0.09921
  other_prepositions>1 moved>0.1429 in_order>0.7895
    | -0.2259 0.002177 -0.003389 -0.08234 0.01791 0.06592 0.02054 -0.1228
  edits>0.2143 skip>0.9 chunk_share>0.4211
    | -0.04694 0.02625 0.1321 0.01092 0.1026 -0.02199 0 -0.07476
  lost_neighbour_share>0.4 pairs_broken>0.4694 exchange_share>0.2
    | 0.01196 -0.001488 -0.08422 -0.02599 -0.02301 0.1726 0.00004956 -0.02213
  exchange>2.5 content_break_share>0.25 pairs_broken>0.08333
    | 0.03247 -0.1569 -0.03175 0.1931 -0.01463 -0.01228 -0.03107 0.02713
  words>0.7778 chunks>6 shared_names>10
    | -0.1222 0.018 0.0008108 -0.04958 0 -0.01667 0.05779 0.06162
  lost_neighbour_share>0.2727 length>3.401 other_inversions>0.07143
    | -0.08426 0.01516 0.01078 0.08197 0.04119 0.1006 -0.02308 -0.1137
  bigrams>0.7692 in_order>0.7895 edits>0.3125
    | -0.1015 0.0249 0.02289 -0.06963 0.01051 0.003122 0.07728 0.007548
  length_gap>0.09531 heads_exchanged>0 in_order>0.7391
    | 0.01342 -0.02973 -0.08992 0.0892 0.0007464 0.08358 -0.0116 0.04504
  same_first>0 exchange_share>0.5833 name_inversions>0
    | -0.07111 0.01738 -0.02671 0.004581 0.02399 -0.007796 -0.1229 0.05769
  grammar_words>0.5857 content_edits>0.8 displacement>0.375
    | 0.04372 0.008457 0 -0.03356 0.08243 -0.03695 -0.02052 0.09248
  edits>0.2 skip_any>0.9183 exchange_share>0.1339
    | -0.06614 0.04926 0.1151 -0.0339 -0.00347 -0.00533 0.03904 -0.05172
  exchange>2.5 name_inversions>0.3556 content_bigrams>0.4286
    | 0.00749 0.01887 -0.121 0.1595 -0.002585 -0.005523 -0.0009022 -0.05702
  in_order>0.5652 skip>0.2258 length>3.784
    | -0.1178 0.1149 -0.000242 0.00009982 0.004488 -0.09495 0.007765 -0.002132
  other_prepositions>1 exchange_share>0.09091 skip>0.6
    | 0.01427 -0.01753 -0.01365 -0.09657 -0.01524 0.09868 0.05502 -0.09091
  left_over_names>0 shared_names>7 length>3.912
    | -0.001511 -0.06722 0.04792 0.01758 0.0257 -0.072 -0.07846 0.03554
  skip_turned>0.02987 same_behind>0.7692 pairs_broken>0
    | -0.1212 0.006987 0.0689 -0.0362 0.08078 -0.0002329 -0.02306 -0.08082
  chunk_share>0.2778 exchange_repairs>1 displacement>0.4444
    | 0.01428 -0.0164 -0.06593 0.09692 0.04649 -0.02767 -0.0409 -0.07872
  content_trigrams>0.3333 inversions>0.1176 other_inversions>0.1
    | 0.07047 -0.02396 -0.02384 -0.01981 -0.06182 -0.08941 -0.006946 0.08246
  content_words>0.8182 exchange_content_share>0.5 chunk_share>0.3478
    | -0.02066 0.03806 -0.00376 -0.02548 -0.06199 -0.01007 0.08724 0.01674
  length_gap>0.09531 content_words>0.8182 chunks>5
    | -0.03374 -0.09322 0.02503 0.06022 0.02215 -0.001157 -0.03441 0.04709
  edits>0.4545 content_bigrams>0.1667 content_in_order>0.7
    | 0.04681 -0.06565 -0.07959 0.03142 0.1104 0 -0.00105 0.06152
  words>0.8846 skip>0.2258 content_words>0.7143
    | 0.09162 0 -0.06942 0 -0.06725 0.1136 0.02487 -0.02688
  pairs_broken>0.75 content_trigrams>0.3333 displacement>0.09091
    | 0.1372 0.01009 -0.006777 0.007567 0.007695 -0.09186 -0.02452 0.01301
  same_before>0.4444 content_break_share>0.375 moved>0.3636
    | -0.01294 -0.01143 0.1236 -0.06894 0.03604 0.02396 0.01485 -0.04232
  shared_names>12 prepositions>0.4 edits>0.2
    | 0.02409 -0.0321 -0.02627 -0.02551 -0.04463 0.1421 0.02416 0.01616
  in_order>0.7895 moved>0.2353 exchange_content>2
    | -0.1748 0.01796 0.008457 -0.02746 -0.02274 0.01696 -0.01409 0.0793
  content_in_order>0.8462 edits>0.2143 length>3.829
    | -0.05373 0.04097 0.005767 -0.02824 -0.05488 -0.02916 -0.001503 0.1475
  exchange>2.5 skip_any>0.875 length>3.296
    | -0.05328 0.103 -0.04535 -0.03564 -0.006898 0.01452 0.1235 -0.04819
  left_over_names>0 inversions>0.2827 length>3.178
    | 0.09499 0.02759 -0.07503 0.00741 0.007642 -0.04743 -0.01959 0.0263
  repeated>0 exchange_content_share>0.5 skip_any>0.3636
    | -0.05727 0.07165 0.06395 0.01749 0.01699 -0.09812 -0.01221 0.06546
  other_prepositions>1 content_trigrams>0.3333 displacement>0.09091
    | 0.1299 0 -0.004667 0.02252 0.006589 -0.115 -0.0215 -0.01045
  exchange_repairs>2 exchange_repairs>1 same_before>0.6471
    | -0.01589 0 0.09143 -0.06812 0.008654 0 -0.07364 -0.03831
  exchange>3 pairs_broken_both>0 content_break_share>0.25
    | 0.00701 -0.1229 0.0146 -0.1243 -0.01977 0.1773 0.01886 -0.09678
  modifiers_replaced>1 edits>0.25 bigrams>0.5286
    | -0.04828 0.1291 0.0309 -0.06615 -0.008387 -0.07939 0.001854 -0.03624
  in_order>0.7895 trigrams>0.28 name_inversions>0.2857
    | -0.03449 0.1054 0.005723 -0.001734 0.04184 -0.04057 -0.06322 0.0637
`,
);
